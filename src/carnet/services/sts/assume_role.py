"""AssumeRole.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.base.faults import Denied, Invalid
from carnet.directory.account_view import AccountView
from carnet.entities.role import Role
from carnet.identity.principals import ASSUMED_ROLE
from carnet.identity.session_lifetime import SessionLifetime
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import PrincipalKind
from carnet.services.operation import Answer, Call
from carnet.services.sts.mfa import MFA_CODE, mfa_ms
from carnet.services.sts.role_sessions import Asked, keys_of, role_at, role_session, seconds_of, session_checks
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import Passed, passed, refuse_reserved_source_identity
from carnet.services.target import Keys, Target

if TYPE_CHECKING:
    from types_boto3_sts.type_defs import AssumeRoleRequestTypeDef

_MOST_CHAINED_SECONDS = 3600


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
    return keys_of(
        Asked(
            name=given["RoleSessionName"],
            tags=inherited | {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())},
            transitive_tag_keys=(*handed_down, *given.get("TransitiveTagKeys", ())),
            source_identity=_source_identity(call, given),
            external_id=given.get("ExternalId"),
        )
    )


@sts.read("AssumeRole", on=role_to_assume, also=(session_checks,), context=(session_keys,), prepare=MFA_CODE)
def assume_role(call: Call, given: AssumeRoleRequestTypeDef, role: Role, view: AccountView) -> Answer:
    """Give out credentials of a role session. They are not stored, so this works while the store is down.

    With an MFA code the store is needed: the code is used up.
    """
    _refuse_contexts(given)
    narrowing = passed(view, call.quotas, call.caller.credential.session, given)
    claims = _claims(call, given, role, narrowing)
    return role_session(call, role, claims, narrowing.packed_size)


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
        mfa_ms=mfa_ms(call, given),
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
    if asked is not None:
        refuse_reserved_source_identity(asked)
    fixed = session.source_identity if session is not None else None
    if fixed is not None and asked not in (None, fixed):
        raise Denied("The source identity that is set for the calling session cannot be changed.")
    return fixed or asked


def _refuse_contexts(given: AssumeRoleRequestTypeDef) -> None:
    """Raise Invalid for a trusted context assertion: no context provider is known here that could have signed it."""
    for context in given.get("ProvidedContexts", ()):
        raise Invalid(f"{context.get('ProviderArn', '')} is not a known context provider.")
