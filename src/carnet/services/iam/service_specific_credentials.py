"""Credentials of users for one service, such as CodeCommit: nobody has any, as none can be made yet.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnet.base.faults import Invalid
from carnet.services.iam import sentences, targets
from carnet.services.iam.holders import holder
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, Target
from carnet.services.paging import empty_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ListServiceSpecificCredentialsRequestTypeDef


def _holders(call: Call, given: ListServiceSpecificCredentialsRequestTypeDef) -> Target:
    """The user asked about; with AllUsers, all users. Raises Invalid for both together."""
    if not given.get("AllUsers"):
        return targets.user_or_caller(call, given)
    if "UserName" in given:
        raise Invalid(sentences.ALL_USERS_OR_ONE)
    return targets.all_users(call, given)


@iam.read("ListServiceSpecificCredentials", on=_holders)
def list_service_specific_credentials(call: Call, given: ListServiceSpecificCredentialsRequestTypeDef) -> Answer:
    """The service-specific credentials of a user, of the caller, or of all users."""
    if not given.get("AllUsers"):
        holder(call, given)
    return empty_list("ListServiceSpecificCredentials", given, "ServiceSpecificCredentials")
