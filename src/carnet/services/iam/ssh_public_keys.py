"""SSH public keys of users: nobody has one, as none can be uploaded yet.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSSHPublicKeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.services.iam import targets
from carnet.services.iam.holders import holder
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call
from carnet.services.paging import empty_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListSSHPublicKeysRequestTypeDef


@iam.read("ListSSHPublicKeys", on=targets.user_or_caller)
def list_ssh_public_keys(call: Call, given: ListSSHPublicKeysRequestTypeDef) -> Answer:
    """The SSH public keys of a user or of the caller."""
    holder(call, given)
    return empty_list("ListSSHPublicKeys", given, "SSHPublicKeys")
