"""AssumeRoleWithSAML.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.base.faults import AlreadyExists
from carnet.directory.account_view import AccountView
from carnet.entities.redeemed_assertion import RedeemedAssertion, redeemed_id
from carnet.entities.role import Role
from carnet.identity.authenticate import Authenticate
from carnet.saml.refusals import REDEEMED, invalid
from carnet.services.operation import Answer, FederatedCall, FederatedWriteCall
from carnet.services.sts.assume_role import role_at, session_checks, vouched_keys, vouched_session
from carnet.services.sts.origin_identity import propagated
from carnet.services.sts.saml_caller import saml_assertion
from carnet.services.sts.service import sts
from carnet.services.target import Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleWithSAMLRequestTypeDef


def role_to_assume(call: FederatedCall, given: Any) -> Target[Role, AccountView]:
    """The role RoleArn."""
    return role_at(call.snapshot, given["RoleArn"])


@sts.write(
    "AssumeRoleWithSAML",
    on=role_to_assume,
    also=(session_checks,),
    context=(vouched_keys,),
    authenticate=Authenticate.FEDERATED,
    prepare=saml_assertion,
)
def assume_role_with_saml(
    call: FederatedWriteCall, given: AssumeRoleWithSAMLRequestTypeDef, role: Role, view: AccountView
) -> Answer:
    """Give out credentials of a role session for a SAML assertion, once for each assertion."""
    answer = vouched_session(call, given, role, view)
    _redeem(call, role)
    keys = call.caller.keys
    return {
        **answer,
        "Audience": call.caller.audience,
        "Issuer": keys["saml:iss"],
        "NameQualifier": keys["saml:namequalifier"],
        "Subject": keys["saml:sub"],
        "SubjectType": keys["saml:sub_type"],
        **propagated(call.caller.session),
    }


def _redeem(call: FederatedWriteCall, role: Role) -> None:
    """Store that the assertion was used for the role; raises Refused if it was used before, on any node."""
    once = call.caller.once
    assert once is not None
    spent = redeemed_id(once.provider_id, once.issuer, once.id, role.id)
    try:
        call.store.add(RedeemedAssertion(id=spent, account=role.account, expires=once.until))
    except AlreadyExists as fault:
        raise invalid(REDEEMED) from fault
