"""GetScopedCredentials: a session that may do less than the calling session, and lives no longer.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetScopedCredentials.html
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from carnet.base.faults import Denied, Invalid, Refused
from carnet.keyring.session_claims import SessionClaims
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.sts.service import sts
from carnet.services.sts.sessions import SessionPolicies, issue, packed_size, session_policies

MOST_SCOPE_DOWN_POLICIES = 3


@sts.read("GetScopedCredentials", on=account_wide)
def get_scoped_credentials(call: Call, given: Any) -> Answer:
    """Scope down the calling session: who it is, since when, and how it was made stay as they are.

    Its time of issue stays, too, so that revoking sessions from before some time also ends those made with them.
    """
    session = call.caller.credential.session
    if session is None:
        raise Refused("InvalidSubjectCredentials", "GetScopedCredentials takes temporary security credentials only.")
    scope_down = _scope_down(call, session, given)
    expires_ms = _expiry(call, session, given)
    claims = replace(session, scope_down=scope_down, expires_ms=expires_ms, token_id=call.ids.uuid())
    principal = call.caller.principal
    answer: dict[str, object] = {
        **issue(call, claims),
        "SessionInfo": {"ScopedSessionId": principal.id, "Arn": principal.arn},
        "ScopedPoliciesCount": len(scope_down),
    }
    return answer if session.source_identity is None else {**answer, "SourceIdentity": session.source_identity}


def _scope_down(call: Call, session: SessionClaims, given: Any) -> tuple[str, ...]:
    """The scope down policies of the new session. Raises Invalid, Malformed, Denied for one too many, Refused."""
    document = given.get("Policy")
    if document is None:
        if "DurationSeconds" not in given:
            raise Invalid("At least one of Policy and DurationSeconds must be specified.")
        return session.scope_down
    if len(session.scope_down) >= MOST_SCOPE_DOWN_POLICIES:
        raise Denied(f"A session can have up to {MOST_SCOPE_DOWN_POLICIES} scope down policies.")
    added = session_policies(call.view, call.quotas, document, ()).documents
    scope_down = (*session.scope_down, *added)
    carried = SessionPolicies(documents=(*session.policies, *scope_down), arns=session.policy_arns)
    packed_size(carried, session.tags)
    return scope_down


def _expiry(call: Call, session: SessionClaims, given: Any) -> int:
    """When the new session expires. Raises Refused if it would outlive the calling session."""
    seconds: int | None = given.get("DurationSeconds")
    if seconds is None:
        return session.expires_ms
    expires_ms = call.now_ms + 1000 * seconds
    if expires_ms > session.expires_ms:
        raise Refused(
            "InsufficientSessionLifetime", "The requested DurationSeconds exceeds the rest of the calling session."
        )
    return expires_ms
