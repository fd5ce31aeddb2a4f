"""Passwords of users for the console: nobody has one, as none can be set yet.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.base.faults import Missing
from carnet.entities.user import User
from carnet.services.iam import sentences, targets
from carnet.services.iam.holders import holder
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import DeleteLoginProfileRequestTypeDef, GetLoginProfileRequestTypeDef


def _missing(call: Call, given: Any) -> Missing:
    """What is to be said of the login profile of a user, of the caller, or of root; raises Missing where no user is."""
    found = holder(call, given)
    return Missing(sentences.login_profile_missing(found.name if isinstance(found, User) else "root"))


@iam.read("GetLoginProfile", on=targets.user_or_caller)
def get_login_profile(call: Call, given: GetLoginProfileRequestTypeDef) -> Answer:
    """Whether and since when a user has a password: always Missing."""
    raise _missing(call, given)


@iam.write("DeleteLoginProfile", on=targets.user_or_caller)
def delete_login_profile(call: WriteCall, given: DeleteLoginProfileRequestTypeDef) -> Answer:
    """Remove the password of a user: always Missing."""
    raise _missing(call, given)
