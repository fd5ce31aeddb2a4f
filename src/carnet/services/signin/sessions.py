"""Sessions that programs have by `aws login`: principals see and end their own, and those of others if they may.

https://docs.aws.amazon.com/signin/latest/APIReference/API_Operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from carnet.base.arns import parse_arn
from carnet.base.faults import Invalid, Missing
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.identity.principals import long_term_principal
from carnet.policy.request import Principal
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.signin.login import REGION
from carnet.services.signin.service import signin

_ACTIVE, _REVOKED = "ACTIVE", "REVOKED"
_CLI = "CLI"
_NO_SESSION = "There is no such session of this identity."

Given = Mapping[str, Any]


class Owned(NamedTuple):
    """A session, and the principal whose it is."""

    session: OAuthSession
    principal: Principal

    @property
    def arn(self) -> str:
        partition = self.principal.arn.split(":")[1]
        return f"arn:{partition}:signin:{REGION}:{self.session.account}:session/{self.session.id}"


@signin.read("ListSessions", on=account_wide)
def list_sessions(call: Call, given: Given) -> Answer:
    """Sessions that are not over, the oldest first."""
    found = page(
        call.paging,
        "ListSessions",
        sorted(_sessions(call, given), key=lambda one: (one.session.created, one.session.id)),
        given,
        key=lambda one: f"{one.session.created.timestamp():020.6f}{one.session.id}",
        matching=_matching(given),
    )
    return found.answer("items", _shown)


@signin.read("GetSession", on=account_wide)
def get_session(call: Call, given: Given) -> Answer:
    """One of them. Raises Missing also for one of another identity."""
    one = _session(call, given, given["sessionArn"])
    if one is None:
        raise Missing(_NO_SESSION, {"error": "RESOURCE_NOT_FOUND"})
    return {**_shown(one), "lastUsedAt": int(one.session.rotated.timestamp()), "issuedInRegion": REGION}


@signin.write("BatchRevokeSessions", on=account_wide)
def batch_revoke_sessions(call: WriteCall, given: Given) -> Answer:
    """End sessions: their refresh tokens are worth nothing from now on. One that has ended already counts as ended."""
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
    """From now on nothing more comes of a session."""
    if not session.revoked:
        call.store.save(replace(session, revoked=True))


def _sessions(call: Call, given: Given) -> Iterator[Owned]:
    """Those of the identity that is asked for, or of the caller. Raises Invalid for one of another account."""
    is_owner = _owner(call, given.get("principalArn"))
    for session in call.view.of(OAuthSession):
        if session.kind is not Grantor.PRINCIPAL or call.now >= session.expires:
            continue
        principal = long_term_principal(call.view, session.holder)
        if principal is not None and is_owner(principal):
            yield Owned(session, principal)


def _owner(call: Call, asked: str | None) -> Callable[[Principal], bool]:
    if asked is None:
        return lambda principal: principal.arn == call.caller.principal.arn
    arn = parse_arn(asked)
    if arn is None or arn.account != call.account:
        raise Invalid("principalArn is of another account.", {"error": "INVALID_REQUEST"})
    if arn.resource == "*":
        return lambda principal: True
    return lambda principal: principal.arn == asked


def _session(call: Call, given: Given, arn: str) -> Owned | None:
    return next((one for one in _sessions(call, given) if one.arn == arn), None)


def _matching(given: Given) -> Callable[[Owned], bool]:
    status, client = given.get("status"), given.get("clientId")
    after, before = given.get("issuedAfter"), given.get("issuedBefore")

    def matches(one: Owned) -> bool:
        issued = int(one.session.created.timestamp())
        return (
            status in (None, _status(one.session))
            and client in (None, one.session.client)
            and (after is None or issued >= after)
            and (before is None or issued < before)
        )

    return matches


def _status(session: OAuthSession) -> str:
    return _REVOKED if session.revoked else _ACTIVE


def _shown(one: Owned) -> dict[str, object]:
    return {
        "sessionArn": one.arn,
        "principalArn": one.principal.arn,
        "status": _status(one.session),
        "clientId": one.session.client,
        "clientType": _CLI,
        "issuedAt": int(one.session.created.timestamp()),
        "expiresAt": int(one.session.expires.timestamp()),
    }
