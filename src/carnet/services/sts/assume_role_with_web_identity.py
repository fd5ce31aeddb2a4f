"""AssumeRoleWithWebIdentity.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.directory.account_view import AccountView
from carnet.entities.role import Role
from carnet.identity.authenticate import Authenticate
from carnet.services.operation import Answer, FederatedCall
from carnet.services.sts.assume_role import role_at, session_checks, vouched_keys, vouched_session
from carnet.services.sts.origin_identity import propagated
from carnet.services.sts.service import sts
from carnet.services.sts.web_identity import PREPARATION
from carnet.services.target import Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleWithWebIdentityRequestTypeDef


def wanted_role(call: FederatedCall, given: Any) -> Target[Role, AccountView]:
    """The role RoleArn; raises Invalid if it is no role's ARN."""
    return role_at(call.snapshot, given["RoleArn"])


@sts.read(
    "AssumeRoleWithWebIdentity",
    on=wanted_role,
    also=(session_checks,),
    context=(vouched_keys,),
    authenticate=Authenticate.FEDERATED,
    prepare=PREPARATION,
)
def assume_role_with_web_identity(
    call: FederatedCall, given: AssumeRoleWithWebIdentityRequestTypeDef, role: Role, view: AccountView
) -> Answer:
    """Give out credentials of a role session for a token of an account's OpenID Connect provider."""
    caller = call.caller
    return {
        **vouched_session(call, given, role, view),
        "SubjectFromWebIdentityToken": caller.user_name,
        "Audience": caller.audience,
        "Provider": caller.principal.provider,
        **propagated(caller.session),
    }
