"""Credentials of users of which nobody has any, as none can be made yet: the lists are empty.

SSH public keys, signing certificates, and credentials for one service, such as CodeCommit.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.services.iam import targets
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call
from carnet.services.paging import empty_list

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        ListServiceSpecificCredentialsRequestTypeDef,
    )


def _empty_list(operation: str, member: str) -> None:
    """Register the operation of this name, which lists what a user or the caller has."""

    @iam.read(operation, on=targets.user_or_caller)
    def list_none(call: Call, given: Any, holder: User | Account) -> Answer:
        """An empty list."""
        return empty_list(call.paging, operation, given, member)


@iam.read("ListServiceSpecificCredentials", on=targets.user_or_all)
def list_service_specific_credentials(call: Call, given: ListServiceSpecificCredentialsRequestTypeDef) -> Answer:
    """The service-specific credentials of a user, of the caller, or of all users."""
    return empty_list(call.paging, "ListServiceSpecificCredentials", given, "ServiceSpecificCredentials")


_empty_list("ListSSHPublicKeys", "SSHPublicKeys")
_empty_list("ListSigningCertificates", "Certificates")
