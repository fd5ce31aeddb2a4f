"""AssumeRole, and what it shares with the operations that give role sessions to federated callers.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from carnet.access.authorize import Check
from carnet.access.resource_policies import trust_of, trust_of_nobody
from carnet.base.faults import Denied, Invalid
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import Tags
from carnet.entities.role import Role
from carnet.identity.principals import ASSUMED_ROLE
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PrincipalKind, Value
from carnet.services.operation import Answer, Call, FederatedCall
from carnet.services.sts.mfa import MFA_CODE, mfa_ms
from carnet.services.sts.provided_contexts import context_keys, provided_context, requested_context
from carnet.services.sts.provider_claims import check_claims, tag_list
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import (
    Passed,
    SessionTags,
    issue,
    packed_size,
    passed,
    session_policies,
    session_tags,
)
from carnet.services.target import Keys, Target
from carnet.store.last_used import RoleUse

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef

_MOST_CHAINED_SECONDS = 3600
DEFAULT_SECONDS = 3600
_CONTEXTS = "ProvidedContexts"
_ROLE_ARN = re.compile(r"arn:([^:]+):iam::([0-9]{12}):role(/(?:[\x21-\x7e]+/)?)([\w+=,.@-]+)", re.ASCII)


class Asked(Struct, frozen=True, kw_only=True):
    """The properties of the requested session on which policies may have conditions. Inherited tags and source identity
    are included."""

    name: str
    tags: Tags
    transitive_tag_keys: tuple[str, ...]
    source_identity: str | None
    external_id: str | None = None


class RoleParts(NamedTuple):
    """The parts of a role's ARN."""

    partition: str
    account: str
    path: str
    name: str


def role_parts(arn: str) -> RoleParts:
    """Parse a role's ARN. Raises Invalid if it is none."""
    parts = _ROLE_ARN.fullmatch(arn)
    if parts is None:
        raise Invalid(f"{arn} is invalid")
    return RoleParts(*parts.groups())


def role_at(snapshot: Snapshot, arn: str) -> Target[Role, AccountView]:
    """The role with its trust policy and its account. Raises Invalid if the text is no role's ARN."""
    partition, account, path, name = role_parts(arn)
    view = snapshot.open_account(account)
    role = view.of(Role).named(name) if view is not None else None
    # A name is found without regard to case; an ARN has to be the same in every character.
    if view is None or role is None or (role.partition, role.path, role.name) != (partition, path, name):
        # A role that does not exist has no policy that could allow anything.
        nobody = Denied(f"The role {arn} cannot be assumed.")
        return Target(arn=arn, account=account, found=nobody, policies=(trust_of_nobody(account),))
    return Target(
        arn=arn,
        account=account,
        found=(role, view),
        tags=role.tags,
        policies=(trust_of(view, role),),
    )


def keys_of(asked: Asked) -> Keys:
    """The condition keys of the session asked for."""
    keys: dict[str, Value] = {f"aws:RequestTag/{key}": value for key, value in asked.tags.items()}
    keys["sts:RoleSessionName"] = asked.name
    if asked.tags:
        keys["aws:TagKeys"] = tuple(asked.tags)
    if asked.transitive_tag_keys:
        keys["sts:TransitiveTagKeys"] = asked.transitive_tag_keys
    if asked.external_id is not None:
        keys["sts:ExternalId"] = asked.external_id
    if asked.source_identity is not None:
        keys["sts:SourceIdentity"] = asked.source_identity
    return keys


def session_checks(call: object, given: object, target: Target[Role, AccountView], keys: Keys) -> Iterator[Check]:
    """sts:TagSession, sts:SetSourceIdentity and sts:SetContext, for a session that will have tags, a source identity or
    a trusted context.

    The first two are needed even if tags or source identity are only inherited.
    """
    if "aws:TagKeys" in keys:
        yield target.check("sts:TagSession", keys)
    if "sts:SourceIdentity" in keys:
        yield target.check("sts:SetSourceIdentity", keys)
    if "sts:RequestContextProviders" in keys:
        yield target.check("sts:SetContext", keys)


def seconds_of(given: Mapping[str, Any], role: Role) -> int:
    """The requested duration of the session in seconds. Raises Invalid if it exceeds the role's maximum."""
    seconds: int = given.get("DurationSeconds", DEFAULT_SECONDS)
    if seconds > role.max_session_seconds:
        raise Invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return seconds


def vouched_keys(call: FederatedCall, given: Mapping[str, Any], target: object) -> Keys:
    """The condition keys of a session for whose caller an identity provider vouches."""
    vouched = call.caller.session
    asked = Asked(
        name=_name(call, given),
        tags=vouched.tags,
        transitive_tag_keys=vouched.transitive_tag_keys,
        source_identity=vouched.source_identity,
    )
    context = requested_context(call.caller.principal.provider, vouched.context) if vouched.context else {}
    return {**keys_of(asked), **context}


def vouched_session(call: FederatedCall, given: Mapping[str, Any], role: Role, view: AccountView) -> Answer:
    """Give out a session to a caller for whom an identity provider vouches: the members of the answer that tell of it.

    Tags and source identity come from the provider alone, session policies from the request alone. Raises Invalid,
    Malformed, and Refused.
    """
    vouched = call.caller.session
    check_claims(vouched)
    policies = session_policies(view, call.quotas, given.get("Policy"), given.get("PolicyArns", ()))
    tags = session_tags(SessionTags(), tag_list(vouched.tags), vouched.transitive_tag_keys)
    expires_ms = call.now_ms + 1000 * seconds_of(given, role)
    claims = SessionClaims(
        kind=ASSUMED_ROLE,
        account=role.account,
        principal_id=role.id,
        session_name=_name(call, given),
        issued_ms=call.now_ms,
        expires_ms=expires_ms if vouched.not_after_ms is None else min(expires_ms, vouched.not_after_ms),
        token_id=call.ids.uuid(),
        source_identity=vouched.source_identity,
        tags=tags.tags,
        transitive_tag_keys=tags.transitive,
        policies=policies.documents,
        policy_arns=policies.arns,
        provider=call.caller.principal.provider,
        provider_keys={**call.caller.remembered, **vouched.context},
        epoch=call.snapshot.epoch,
    )
    return role_session(call, role, claims, packed_size(policies, tags.tags))


def role_session(
    call: Call | FederatedCall, role: Role, claims: SessionClaims, packed: int | None
) -> dict[str, object]:
    """Credentials of a role session, as the members of the answer; `packed` is its PackedPolicySize."""
    call.parts.last_used.note_role(role.id, RoleUse(call.now, call.caller.region))
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


def _name(call: FederatedCall, given: Mapping[str, Any]) -> str:
    """The session's name: the provider's, if it gives one."""
    name: str = call.caller.session.name or given["RoleSessionName"]
    return name


def role_to_assume(call: Call, given: Any) -> Target[Role, AccountView]:
    """The role RoleArn. Raises Denied for root, and Invalid for what is no role's ARN."""
    if call.caller.principal.kind is PrincipalKind.ROOT:
        raise Denied("Roles may not be assumed by root accounts.")
    return role_at(call.snapshot, given["RoleArn"])


def session_keys(call: Call, given: AssumeRoleRequestTypeDef, target: object) -> Keys:
    """The condition keys of the session asked for."""
    session = call.caller.credential.session
    inherited = {} if session is None else session.inherited_tags
    handed_down = () if session is None else session.transitive_tag_keys
    asked = Asked(
        name=given["RoleSessionName"],
        tags=inherited | {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())},
        transitive_tag_keys=(*handed_down, *given.get("TransitiveTagKeys", ())),
        source_identity=_source_identity(call, given),
        external_id=given.get("ExternalId"),
    )
    return {**keys_of(asked), **context_keys(call, given)} if _CONTEXTS in given else keys_of(asked)


@sts.read("AssumeRole", on=role_to_assume, also=(session_checks,), context=(session_keys,), prepare=MFA_CODE)
def assume_role(call: Call, given: AssumeRoleRequestTypeDef, role: Role, view: AccountView) -> Answer:
    """Give out credentials of a role session. They are not stored, so this works while the store is down.

    With an MFA code the store is needed: the code is used up.
    """
    narrowing = passed(view, call.quotas, call.caller.credential.session, given)
    claims = _claims(call, given, role, narrowing)
    return role_session(call, role, claims, narrowing.packed_size)


def _claims(call: Call, given: AssumeRoleRequestTypeDef, role: Role, narrowing: Passed) -> SessionClaims:
    parent, issued_ms = call.caller.credential.session, call.now_ms
    context = provided_context(call, given) if _CONTEXTS in given else None
    expires_ms = issued_ms + 1000 * _seconds(given, role, chained=parent is not None)
    if parent is not None:
        expires_ms = call.parts.session_lifetime.end_ms(expires_ms, parent.expires_ms)
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
        mfa_ms=mfa_ms(call, given),
        provider_keys=context.session_keys if context is not None else {},
        on_behalf_of=context.user if context is not None else "",
        audited_store=context.audited_store if context is not None else "",
        chain_depth=0 if parent is None else parent.chain_depth + 1,
        epoch=call.snapshot.epoch,
    )


def _seconds(given: AssumeRoleRequestTypeDef, role: Role, *, chained: bool) -> int:
    """How long the session is to live; `chained` if it is asked for with a session, of a user's as of a role's."""
    if chained and given.get("DurationSeconds", 0) > _MOST_CHAINED_SECONDS:
        raise Invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    return seconds_of(given, role)


def _source_identity(call: Call, given: AssumeRoleRequestTypeDef) -> str | None:
    """The new session's source identity: fixed by the first session of a chain that sets one."""
    asked, session = given.get("SourceIdentity"), call.caller.credential.session
    fixed = session.source_identity if session is not None else None
    if fixed is not None and asked not in (None, fixed):
        raise Denied("The source identity that is set for the calling session cannot be changed.")
    return fixed or asked
