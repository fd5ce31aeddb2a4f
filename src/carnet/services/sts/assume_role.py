"""AssumeRole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.access.resource_policies import trust_of, trust_of_nobody
from carnet.base.faults import Denied, Invalid
from carnet.directory.account_view import AccountView
from carnet.entities.role import Role
from carnet.identity.principals import ASSUMED_ROLE
from carnet.identity.session_lifetime import SessionLifetime
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PrincipalKind, Value
from carnet.services.operation import Answer, Call
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import Passed, issue, passed, refuse_mfa, reserved
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef

_DEFAULT_SECONDS = 3600
_MOST_CHAINED_SECONDS = 3600
_ROLE_ARN = re.compile(r"arn:([^:]+):iam::([0-9]{12}):role(/(?:[\x21-\x7e]+/)?)([\w+=,.@-]+)", re.ASCII)
"""Partition, account, path and name of a role."""


def role_to_assume(call: Call, given: Any) -> Target[Role, AccountView]:
    """The role and its trust policy, and the role's account; raises Invalid for what is no role's ARN."""
    if call.caller.principal.kind is PrincipalKind.ROOT:
        raise Denied("Roles may not be assumed by root accounts.")
    arn: str = given["RoleArn"]
    parts = _ROLE_ARN.fullmatch(arn)
    if parts is None:
        raise Invalid(f"{arn} is invalid")
    partition, account, path, name = parts.groups()
    view = call.snapshot.account(account)
    role = view.of(Role).named(name) if view is not None else None
    # A name is found in any case; an ARN is that of the role only if every character is the same.
    if view is None or role is None or (role.partition, role.path, role.name) != (partition, path, name):
        # No policy of a role that is not there allows anything.
        nobody = Denied(f"The role {arn} cannot be assumed.")
        return Target(arn=arn, account=account, found=nobody, policies=(trust_of_nobody(account),))
    return Target(
        arn=arn,
        account=account,
        found=(role, view),
        tags=role.tags,
        policies=(trust_of(view, role),),
    )


def session_keys(call: Call, given: AssumeRoleRequestTypeDef, target: object) -> Keys:
    """The condition keys of the session asked for. Tags and source identity count also if they are inherited."""
    session = call.caller.credential.session
    tags = {} if session is None else session.inherited_tags
    tags |= {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
    keys: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    keys["sts:RoleSessionName"] = given["RoleSessionName"]
    if tags:
        keys["aws:TagKeys"] = tuple(tags)
    handed_down = () if session is None else session.transitive_tag_keys
    if transitive := (*handed_down, *given.get("TransitiveTagKeys", ())):
        keys["sts:TransitiveTagKeys"] = transitive
    if "ExternalId" in given:
        keys["sts:ExternalId"] = given["ExternalId"]
    if (source_identity := _source_identity(call, given)) is not None:
        keys["sts:SourceIdentity"] = source_identity
    return keys


def session_checks(call: Call, given: object, target: Target[Role, AccountView], keys: Keys) -> Iterator[Check]:
    """sts:TagSession and sts:SetSourceIdentity, for a session that will have tags or a source identity.

    They are asked for what is only inherited, too.
    """
    if "aws:TagKeys" in keys:
        yield target.check("sts:TagSession", keys)
    if "sts:SourceIdentity" in keys:
        yield target.check("sts:SetSourceIdentity", keys)


@sts.read("AssumeRole", on=role_to_assume, also=(session_checks,), context=(session_keys,))
def assume_role(call: Call, given: AssumeRoleRequestTypeDef, role: Role, view: AccountView) -> Answer:
    """Give out credentials of a role session. They are not stored, so this works while the store is down."""
    refuse_mfa(given)
    _refuse_contexts(given)
    narrowing = passed(view, call.quotas, call.caller.credential.session, given)
    claims = _claims(call, given, role, narrowing)
    call.parts.last_used.note_role(role.id, call.now, call.caller.region)
    answer: dict[str, object] = {
        **issue(call, claims),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.id}:{claims.session_name}",
            "Arn": role.session_arn(claims.session_name),
        },
    }
    if narrowing.packed_size is not None:
        answer["PackedPolicySize"] = narrowing.packed_size
    if claims.source_identity is not None:
        answer["SourceIdentity"] = claims.source_identity
    return answer


def _claims(call: Call, given: AssumeRoleRequestTypeDef, role: Role, narrowing: Passed) -> SessionClaims:
    parent, issued_ms = call.caller.credential.session, call.now_ms
    expires_ms = issued_ms + 1000 * _seconds(given, role, chained=parent is not None)
    if parent is not None and call.parts.session_lifetime is SessionLifetime.PARENT:
        expires_ms = min(expires_ms, parent.expires_ms)
    return SessionClaims(
        kind=ASSUMED_ROLE,
        account=role.account,
        principal_id=role.id,
        session_name=given["RoleSessionName"],
        issued_ms=issued_ms,
        expires_ms=expires_ms,
        token_id=call.ids.uuid(),
        source_identity=_source_identity(call, given),
        tags=narrowing.tags.tags,
        transitive_tag_keys=narrowing.tags.transitive,
        policies=narrowing.policies.documents,
        policy_arns=narrowing.policies.arns,
        chain_depth=0 if parent is None else parent.chain_depth + 1,
        epoch=call.snapshot.epoch,
    )


def _seconds(given: AssumeRoleRequestTypeDef, role: Role, *, chained: bool) -> int:
    """How long the session is to live; `chained` if it is asked for with a session, of a user's as of a role's."""
    seconds = given.get("DurationSeconds", _DEFAULT_SECONDS)
    if chained and seconds > _MOST_CHAINED_SECONDS:
        raise Invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    if seconds > role.max_session_seconds:
        raise Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return seconds


def _source_identity(call: Call, given: AssumeRoleRequestTypeDef) -> str | None:
    """The new session's source identity: fixed by the first session of a chain that sets one."""
    asked, session = given.get("SourceIdentity"), call.caller.credential.session
    if asked is not None and reserved(asked):
        raise Invalid("The source identity cannot begin with the reserved prefix aws:")
    fixed = session.source_identity if session is not None else None
    if fixed is not None and asked not in (None, fixed):
        raise Denied("The source identity that is set for the calling session cannot be changed.")
    return fixed or asked


def _refuse_contexts(given: AssumeRoleRequestTypeDef) -> None:
    """Raise Invalid for a trusted context assertion: no context provider is known here that could have signed it."""
    for context in given.get("ProvidedContexts", ()):
        raise Invalid(f"{context.get('ProviderArn', '')} is not a known context provider.")
