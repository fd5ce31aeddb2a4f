"""MFA devices: there are none, as none can be made or enabled yet.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.services.iam import targets
from carnet.services.iam.holders import holder
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call
from carnet.services.paging import empty_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListMFADevicesRequestTypeDef, ListVirtualMFADevicesRequestTypeDef


@iam.read("ListMFADevices", on=targets.user_or_caller)
def list_mfa_devices(call: Call, given: ListMFADevicesRequestTypeDef) -> Answer:
    """The MFA devices enabled for a user or for the caller."""
    holder(call, given)
    return empty_list("ListMFADevices", given, "MFADevices")


@iam.read("ListVirtualMFADevices", on=targets.account_wide)
def list_virtual_mfa_devices(call: Call, given: ListVirtualMFADevicesRequestTypeDef) -> Answer:
    """The account's virtual MFA devices, assigned to users or not."""
    return empty_list("ListVirtualMFADevices", given, "VirtualMFADevices")
