"""AssumeRole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from carnet.access.authorize import Check
from carnet.access.resource_policies import trust_of, trust_of_nobody
from carnet.base.arns import ACCOUNT_ID, Arn, parse_arn
from carnet.base.faults import Denied, Invalid
from carnet.directory.account_view import AccountView
from carnet.entities.role import Role
from carnet.identity.principals import ASSUMED_ROLE
from carnet.identity.session_lifetime import SessionLifetime
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PrincipalKind, Value
from carnet.services.operation import Answer, Call
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import (
    SessionPolicies,
    SessionTags,
    inherited_tags,
    issue,
    milliseconds,
    packed_size,
    refuse_mfa,
    reserved,
    session_policies,
    session_tags,
)
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef

_DEFAULT_SECONDS = 3600
_MOST_CHAINED_SECONDS = 3600
_ROLE_RESOURCE = re.compile(r"role/(?:[\x21-\x7e]+/)?([\w+=,.@-]+)", re.ASCII)


def role_to_assume(call: Call, given: Any) -> Target[Role, AccountView]:
    """The role and its trust policy, and the role's account; raises Invalid for what is no role's ARN."""
    if call.caller.principal.kind is PrincipalKind.ROOT:
        raise Denied("Roles may not be assumed by root accounts.")
    arn = _role_arn(given["RoleArn"])
    view = call.snapshot.account(arn.account)
    role = _find(view, arn) if view is not None else None
    if view is None or role is None:
        # No policy of a role that is not there allows anything.
        nobody = Denied(f"The role {arn} cannot be assumed.")
        return Target(arn=str(arn), account=arn.account, found=nobody, policies=(trust_of_nobody(arn.account),))
    return Target(
        arn=str(arn),
        account=arn.account,
        found=(role, view),
        tags=role.tags,
        policies=(trust_of(view, role),),
    )


def session_keys(call: Call, given: AssumeRoleRequestTypeDef, target: object) -> Keys:
    """The condition keys of the session asked for. Tags and source identity count also if they are inherited."""
    session = call.caller.credential.session
    inherited = inherited_tags(session)
    tags = {**inherited.tags, **{tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}}
    keys: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    keys["sts:RoleSessionName"] = given["RoleSessionName"]
    if tags:
        keys["aws:TagKeys"] = tuple(tags)
    if transitive := (*inherited.transitive, *given.get("TransitiveTagKeys", ())):
        keys["sts:TransitiveTagKeys"] = transitive
    if "ExternalId" in given:
        keys["sts:ExternalId"] = given["ExternalId"]
    if (source_identity := _source_identity(call, given)) is not None:
        keys["sts:SourceIdentity"] = source_identity
    return keys


def tag_session(call: Call, given: object, target: Target[Role, AccountView], keys: Keys) -> Iterator[Check]:
    """sts:TagSession, for a session that will have tags, be they only inherited."""
    if "aws:TagKeys" in keys:
        yield target.check("sts:TagSession", keys)


def set_source_identity(call: Call, given: object, target: Target[Role, AccountView], keys: Keys) -> Iterator[Check]:
    """sts:SetSourceIdentity, for a session that will have a source identity, be it inherited."""
    if "sts:SourceIdentity" in keys:
        yield target.check("sts:SetSourceIdentity", keys)


@sts.read("AssumeRole", on=role_to_assume, also=(tag_session, set_source_identity), context=(session_keys,))
def assume_role(call: Call, given: AssumeRoleRequestTypeDef, role: Role, view: AccountView) -> Answer:
    """Give out credentials of a role session. They are not stored, so this works while the store is down."""
    refuse_mfa(given)
    _refuse_contexts(given)
    policies = session_policies(view, call.quotas, given.get("Policy"), given.get("PolicyArns", ()))
    inherited = inherited_tags(call.caller.credential.session)
    tags = session_tags(inherited, given.get("Tags", ()), given.get("TransitiveTagKeys", ()))
    packed = packed_size(policies, tags.tags)
    claims = _claims(call, given, role, policies, tags)
    call.parts.last_used.note_role(role.id, call.now, call.caller.region)
    answer: dict[str, object] = {
        **issue(call, claims),
        "AssumedRoleUser": {
            "AssumedRoleId": f"{role.id}:{claims.session_name}",
            "Arn": role.session_arn(claims.session_name),
        },
    }
    if packed is not None:
        answer["PackedPolicySize"] = packed
    if claims.source_identity is not None:
        answer["SourceIdentity"] = claims.source_identity
    return answer


def _claims(
    call: Call, given: AssumeRoleRequestTypeDef, role: Role, policies: SessionPolicies, tags: SessionTags
) -> SessionClaims:
    parent = call.caller.credential.session
    issued_ms = milliseconds(call.now)
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
        tags=tags.tags,
        transitive_tag_keys=tags.transitive,
        policies=policies.documents,
        policy_arns=policies.arns,
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


def _role_arn(text: str) -> Arn:
    arn = parse_arn(text)
    if (
        arn is None
        or arn.service != "iam"
        or arn.region
        or ACCOUNT_ID.fullmatch(arn.account) is None
        or _ROLE_RESOURCE.fullmatch(arn.resource) is None
    ):
        raise Invalid(f"{text} is invalid")
    return arn


def _find(view: AccountView, arn: Arn) -> Role | None:
    """The role of exactly that ARN: path and case count."""
    role = view.of(Role).named(arn.resource.rpartition("/")[2])
    return role if role is not None and role.arn == str(arn) else None
