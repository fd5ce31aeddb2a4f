"""GetFederationToken.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.base.arns import sts_arn
from carnet.identity.principals import FEDERATED_USER
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PrincipalKind, Value
from carnet.services.operation import Answer, Call
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import issue, passed
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import GetFederationTokenRequestTypeDef

_DEFAULT_SECONDS = 43_200
_MOST_ROOT_SECONDS = 3600


def federated_user(call: Call, given: Any) -> Target[()]:
    """The federated user called Name, which exists only in sessions."""
    arn = sts_arn(call.partition, call.account, f"federated-user/{given['Name']}")
    return Target(arn=arn, account=call.account, found=())


def requested_tags(call: Call, given: GetFederationTokenRequestTypeDef, target: object) -> Keys:
    """aws:RequestTag/... and aws:TagKeys."""
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
    keys: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return {**keys, "aws:TagKeys": tuple(tags)} if tags else {}


def tag_session(call: Call, given: object, target: Target[()], keys: Keys) -> Iterator[Check]:
    """sts:TagSession, for a session that will have tags."""
    if "aws:TagKeys" in keys:
        yield target.check("sts:TagSession", keys)


@sts.read("GetFederationToken", on=federated_user, also=(tag_session,), context=(requested_tags,))
def get_federation_token(call: Call, given: GetFederationTokenRequestTypeDef) -> Answer:
    """Give out credentials of a federated user. It may do what the calling user and the session policies both allow.

    Without session policies that is nothing, except by resource-based policies that name the federated user.
    """
    principal = call.caller.principal
    narrowing = passed(call.view, call.quotas, None, given)
    seconds = given.get("DurationSeconds", _DEFAULT_SECONDS)
    if principal.kind is PrincipalKind.ROOT:
        seconds = min(seconds, _MOST_ROOT_SECONDS)
    claims = SessionClaims(
        kind=FEDERATED_USER,
        account=principal.account,
        principal_id=principal.id,
        session_name=given["Name"],
        issued_ms=call.now_ms,
        expires_ms=call.now_ms + 1000 * seconds,
        token_id=call.ids.uuid(),
        tags=narrowing.tags.tags,
        policies=narrowing.policies.documents,
        policy_arns=narrowing.policies.arns,
        epoch=call.snapshot.epoch,
    )
    return {
        **issue(call, claims),
        "FederatedUser": {
            "FederatedUserId": f"{principal.account}:{given['Name']}",
            "Arn": federated_user(call, given).arn,
        },
        "PackedPolicySize": narrowing.packed_size or 0,
    }
