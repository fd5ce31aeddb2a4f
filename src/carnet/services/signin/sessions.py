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
from carnet.identity.oauth_tokens import SignInRefreshToken, opened, session_of
from carnet.identity.principals import long_term_principal
from carnet.policy.request import Principal
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.paging import page
from carnet.services.signin.login import REGION, SAME_DEVICE, public_client
from carnet.services.signin.service import signin
from carnet.services.target import Keys, Target

_ACTIVE, _REVOKED = "ACTIVE", "REVOKED"
_CLI = "CLI"
_REFRESH_TOKEN = "refresh_token"  # noqa: S105 - no password
_ISSUER = "signin.amazonaws.com"
_NO_SESSION = "There is no such session of this identity."

Given = Mapping[str, Any]


class _Owned(NamedTuple):
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
        _end(call, one.session)
        revoked.append({"sessionArn": arn})
    return {"revokedSessions": revoked, "errors": errors}


def _client(call: Call, given: Given) -> str:
    """The client of a token; of what is none, the usual one: nobody learns here which tokens there are."""
    one = _of_token(call, given.get("token", ""))
    return one.session.client if one is not None else SAME_DEVICE


def _of_client(action: str) -> Callable[[Call, Given], Target[()]]:
    """For `on=`: the client of the token, by a permission that is called otherwise than the operation."""

    def target(call: Call, given: Given) -> Target[()]:
        arn = public_client(call.view.account, _client(call, given))
        return Target(arn=arn, account=call.account, found=(), action=action)

    return target


def _token_type(call: Call, given: Given, target: object) -> Keys:
    """For `context=`: signin:OAuthTokenType."""
    return {"signin:OAuthTokenType": _REFRESH_TOKEN}


def _client_id(call: Call, given: Given, target: object) -> Keys:
    """For `context=`: signin:OAuthClientId."""
    return {"signin:OAuthClientId": _client(call, given)}


@signin.read(
    "IntrospectOAuth2TokenWithIAM",
    on=_of_client("signin:IntrospectOAuth2Token"),
    context=(_token_type, _client_id),
)
def introspect(call: Call, given: Given) -> Answer:
    """What a refresh token of the caller's account is. Of every other text nothing is told but that it is not active.

    https://www.rfc-editor.org/rfc/rfc7662#section-2.2
    """
    one = _of_token(call, given["token"])
    if one is None or not one.session.is_good(call.now):
        return {"active": False}
    issued = int(one.session.created.timestamp())
    return {
        "active": True,
        "clientId": one.session.client,
        "userId": one.principal.id,
        "tokenType": _REFRESH_TOKEN,
        "exp": int(one.session.expires.timestamp()),
        "iat": issued,
        "nbf": issued,
        "sub": one.principal.arn,
        "iss": _ISSUER,
        "jti": one.session.id,
        "accountId": one.session.account,
        "signinSession": one.arn,
    }


@signin.write("RevokeOAuth2TokenWithIAM", on=_of_client("signin:RevokeOAuth2Token"), context=(_token_type,))
def revoke(call: WriteCall, given: Given) -> Answer:
    """End the session of a refresh token of the caller's account; of any other text nothing comes."""
    one = _of_token(call, given["token"])
    if one is not None:
        _end(call, one.session)
    return {}


def _end(call: WriteCall, session: OAuthSession) -> None:
    if not session.revoked:
        call.store.save(replace(session, revoked=True))


def _of_token(call: Call, text: str) -> _Owned | None:
    """The session of the newest refresh token, or the one before it, if it is of the caller's account."""
    token = opened(call.parts.keyring, SignInRefreshToken, text)
    if token is None or token.account != call.account:
        return None
    session = session_of(call.snapshot, token.account, token.session)
    if session is None or session.kind is not Grantor.PRINCIPAL or token.generation not in _newest(session):
        return None
    principal = long_term_principal(call.view, session.holder)
    return _Owned(session, principal) if principal is not None else None


def _newest(session: OAuthSession) -> tuple[int, int]:
    return session.generation, session.generation - 1


def _sessions(call: Call, given: Given) -> Iterator[_Owned]:
    """Those of the identity that is asked for, or of the caller. Raises Invalid for one of another account."""
    is_owner = _owner(call, given.get("principalArn"))
    for session in call.view.of(OAuthSession):
        if session.kind is not Grantor.PRINCIPAL or call.now >= session.expires:
            continue
        principal = long_term_principal(call.view, session.holder)
        if principal is not None and is_owner(principal):
            yield _Owned(session, principal)


def _owner(call: Call, asked: str | None) -> Callable[[Principal], bool]:
    if asked is None:
        return lambda principal: principal.arn == call.caller.principal.arn
    arn = parse_arn(asked)
    if arn is None or arn.account != call.account:
        raise Invalid("principalArn is of another account.", {"error": "INVALID_REQUEST"})
    if arn.resource == "*":
        return lambda principal: True
    return lambda principal: principal.arn == asked


def _session(call: Call, given: Given, arn: str) -> _Owned | None:
    return next((one for one in _sessions(call, given) if one.arn == arn), None)


def _matching(given: Given) -> Callable[[_Owned], bool]:
    status, client = given.get("status"), given.get("clientId")
    after, before = given.get("issuedAfter"), given.get("issuedBefore")

    def matches(one: _Owned) -> bool:
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


def _shown(one: _Owned) -> dict[str, object]:
    return {
        "sessionArn": one.arn,
        "principalArn": one.principal.arn,
        "status": _status(one.session),
        "clientId": one.session.client,
        "clientType": _CLI,
        "issuedAt": int(one.session.created.timestamp()),
        "expiresAt": int(one.session.expires.timestamp()),
    }
