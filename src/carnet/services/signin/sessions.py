"""Sessions of `aws login`: principals list and end their own, and those of others if policies allow it.

https://docs.aws.amazon.com/signin/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from carnet.base.arns import Arn, parse_arn
from carnet.base.faults import Invalid, Missing
from carnet.entities.entity import name_key
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.entities.user import User
from carnet.identity.principals import long_term_principal
from carnet.policy.request import Principal
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.signin.login import REGION
from carnet.services.signin.service import signin

_ACTIVE, _REVOKED = "ACTIVE", "REVOKED"
_CLI = "CLI"
_PRINCIPAL, _EVERYBODY = "principalArn", "*"
_HOLDER = "holder"
_NO_SESSION = "There is no such session of this identity."

Given = Mapping[str, Any]


class Owned(NamedTuple):
    """A session, and the principal that it belongs to."""

    session: OAuthSession
    principal: Principal

    @property
    def arn(self) -> str:
        partition = self.principal.arn.split(":")[1]
        return f"arn:{partition}:signin:{REGION}:{self.session.account}:session/{self.session.id}"


@signin.read("ListSessions", on=account_wide)
def list_sessions(call: Call, given: Given) -> Answer:
    """Sessions that are not over, oldest first."""
    owned, matches = _owner_filter(call, given), _request_filter(given)
    found = page(
        call.paging,
        "ListSessions",
        _candidate_sessions(call, given),
        given,
        key=lambda session: f"{session.created.timestamp():020.6f}{session.id}",
        matching=lambda session: matches(session) and owned(session) is not None,
    )
    told = [_session_members(one) for session in found.items if (one := owned(session)) is not None]
    return {"items": told, **found.truncation}


@signin.read("GetSession", on=account_wide)
def get_session(call: Call, given: Given) -> Answer:
    """A session. Raises Missing, also for a session of another identity."""
    one = _session(call, given, given["sessionArn"])
    if one is None:
        raise Missing(_NO_SESSION, {"error": "RESOURCE_NOT_FOUND"})
    return {**_session_members(one), "lastUsedAt": int(one.session.rotated.timestamp()), "issuedInRegion": REGION}


@signin.write("BatchRevokeSessions", on=account_wide)
def batch_revoke_sessions(call: WriteCall, given: Given) -> Answer:
    """End sessions: their refresh tokens are no longer valid. A session that is over counts as ended."""
    revoked: list[dict[str, str]] = []
    errors: list[dict[str, str]] = []
    for arn in dict.fromkeys(given["sessionArns"]):
        one = _session(call, given, arn)
        if one is None:
            errors.append({"sessionArn": arn, "code": "ResourceNotFoundException", "message": _NO_SESSION})
            continue
        end(call, one.session)
        revoked.append({"sessionArn": arn})
    return {"revokedSessions": revoked, "errors": errors}


def end(call: WriteCall, session: OAuthSession) -> None:
    """End a session: it issues no more credentials."""
    if not session.revoked:
        call.store.save(replace(session, revoked=True))


def _candidate_sessions(call: Call, given: Given) -> Sequence[OAuthSession]:
    """The stored sessions of the requested principal, the oldest first; there may be others of its account among them.

    Raises Invalid as `_owner_filter` does.

    INVARIANT: the sessions of one principal are found without going through all of the account.
    """
    sessions, arn = call.view.of(OAuthSession), _requested_principal(call, given)
    if arn is not None and arn.resource == _EVERYBODY:
        return sessions.sorted()
    return sessions.referring(_HOLDER, call.caller.principal.id if arn is None else _holder(call, arn))


def _holder(call: Call, arn: Arn) -> str:
    """The unique id of the root user or the user of that name, whatever else its ARN says; empty if there is none."""
    if arn.resource == "root":
        return call.account
    user = call.view.of(User).named(name_key(arn.resource.rpartition("/")[2]))
    return user.id if user is not None else ""


def _requested_principal(call: Call, given: Given) -> Arn | None:
    """The principal whose sessions are requested; None for the caller's. Raises Invalid for one of another account."""
    if _PRINCIPAL not in given:
        return None
    arn = parse_arn(given[_PRINCIPAL])
    if arn is None or arn.account != call.account:
        raise Invalid("principalArn is of another account.", {"error": "INVALID_REQUEST"})
    return arn


def _owner_filter(call: Call, given: Given) -> Callable[[OAuthSession], Owned | None]:
    """A session with its principal; None if it is over, or not of the requested principal. Raises Invalid."""
    arn = _requested_principal(call, given)
    wanted = call.caller.principal.arn if arn is None else str(arn)

    def owned(session: OAuthSession) -> Owned | None:
        if session.kind is not Grantor.PRINCIPAL or call.now >= session.expires:
            return None
        principal = long_term_principal(call.view, session.holder)
        if principal is None or (principal.arn != wanted and (arn is None or arn.resource != _EVERYBODY)):
            return None
        return Owned(session, principal)

    return owned


def _session(call: Call, given: Given, arn: str) -> Owned | None:
    """The session of that ARN; raises Invalid as `_owner_filter` does."""
    owned, session = _owner_filter(call, given), call.view.of(OAuthSession).get(arn.rpartition("/")[2])
    one = owned(session) if session is not None else None
    return one if one is not None and one.arn == arn else None


def _request_filter(given: Given) -> Callable[[OAuthSession], bool]:
    status, client = given.get("status"), given.get("clientId")
    after, before = given.get("issuedAfter"), given.get("issuedBefore")

    def matches(session: OAuthSession) -> bool:
        issued = int(session.created.timestamp())
        return (
            status in (None, _status(session))
            and client in (None, session.client)
            and (after is None or issued >= after)
            and (before is None or issued < before)
        )

    return matches


def _status(session: OAuthSession) -> str:
    return _REVOKED if session.revoked else _ACTIVE


def _session_members(one: Owned) -> dict[str, object]:
    return {
        "sessionArn": one.arn,
        "principalArn": one.principal.arn,
        "status": _status(one.session),
        "clientId": one.session.client,
        "clientType": _CLI,
        "issuedAt": int(one.session.created.timestamp()),
        "expiresAt": int(one.session.expires.timestamp()),
    }
