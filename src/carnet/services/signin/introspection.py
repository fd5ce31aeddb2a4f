"""Introspection and revocation of AWS Sign-In's tokens: a service asks about a token that it was given.

https://docs.aws.amazon.com/signin/latest/APIReference/API_Operations.html
https://www.rfc-editor.org/rfc/rfc7662
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from carnet.base.faults import Refused
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.identity.credentials import standing
from carnet.identity.oauth_tokens import SignInAccessToken, SignInRefreshToken, opened, session_of, unpacked
from carnet.identity.principals import long_term_principal
from carnet.keyring.packing import unpack
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import Principal
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.signin.login import CLIENT_ID, REGION, SAME_DEVICE, principal_of, public_client, service_principal
from carnet.services.signin.service import signin
from carnet.services.signin.sessions import Owned, end
from carnet.services.target import Keys, Target

_REFRESH_TOKEN, _ACCESS_TOKEN = "refresh_token", "access_token"
_ISSUER = "signin.amazonaws.com"

Given = Mapping[str, Any]


class _Access(NamedTuple):
    """An access token of the caller's account."""

    token: SignInAccessToken
    claims: SessionClaims


def _resource(call: Call, text: str) -> str:
    """The resource that policies decide on. For a text that is no token it is the usual client, so that nobody learns
    which tokens exist."""
    access = _access(call, text)
    if access is not None:
        return service_principal(call.view.account, call.caller.region or REGION, access.token.resource)
    return public_client(call.view.account, _client(call, text))


def _client(call: Call, text: str) -> str:
    access, refresh = _access(call, text), _of_token(call, text)
    if access is not None:
        return access.token.client
    return refresh.session.client if refresh is not None else SAME_DEVICE


def _of_token_given(action: str) -> Callable[[Call, Given], Target[()]]:
    """For `on=`: the service or client of the token; the permission has another name than the operation."""

    def target(call: Call, given: Given) -> Target[()]:
        return Target(arn=_resource(call, given["token"]), account=call.account, found=(), action=action)

    return target


def _token_type(call: Call, given: Given, target: object) -> Keys:
    """For `context=`: signin:OAuthTokenType."""
    return {"signin:OAuthTokenType": _ACCESS_TOKEN if _access(call, given["token"]) else _REFRESH_TOKEN}


def _client_id(call: Call, given: Given, target: object) -> Keys:
    """For `context=`: signin:OAuthClientId."""
    return {CLIENT_ID: _client(call, given["token"])}


@signin.read(
    "IntrospectOAuth2TokenWithIAM",
    on=_of_token_given("signin:IntrospectOAuth2Token"),
    context=(_token_type, _client_id),
)
def introspect(call: Call, given: Given) -> Answer:
    """What a token of the caller's account is. Of every other text nothing is told but that it is not active.

    https://www.rfc-editor.org/rfc/rfc7662#section-2.2
    """
    access = _access(call, given["token"])
    told = _told_of_access(call, access) if access is not None else _told_of_refresh(call, given["token"])
    return {"active": True, **told} if told is not None else {"active": False}


def _told_of_access(call: Call, access: _Access) -> Answer | None:
    """The answer; None if the token has expired, its principal is gone, or its session is over."""
    token, claims = access
    principal = standing(call.snapshot, claims)
    if principal is None or call.now_ms >= claims.expires_ms:
        return None
    if token.session and not _still_signed_in(call, claims.account, token.session):
        return None
    told = _token_members(principal, token.client, _ACCESS_TOKEN, claims.issued_ms // 1000, claims.expires_ms // 1000)
    return {**told, "aud": token.resource, "jti": claims.token_id}


def _still_signed_in(call: Call, account: str, session_id: str) -> bool:
    """Whether a session of `aws login` could be refreshed now, as far as it shows: it and its password are valid."""
    session = session_of(call.snapshot, account, session_id)
    who = unpacked(session.claims) if session is not None and session.is_good(call.now) else None
    if who is None:
        return False
    try:
        principal_of(call.snapshot, account, who)
    except Refused:
        return False
    return True


def _told_of_refresh(call: Call, text: str) -> Answer | None:
    one = _of_token(call, text)
    if one is None or not one.session.is_good(call.now):
        return None
    session = one.session
    issued, expires = int(session.created.timestamp()), int(session.expires.timestamp())
    told = _token_members(one.principal, session.client, _REFRESH_TOKEN, issued, expires)
    return {**told, "jti": session.id, "signinSession": one.arn}


def _token_members(principal: Principal, client: str, token_type: str, issued: int, expires: int) -> dict[str, object]:
    """The members of each answer; times are epoch seconds."""
    return {
        "clientId": client,
        "userId": principal.id,
        "tokenType": token_type,
        "exp": expires,
        "iat": issued,
        "nbf": issued,
        "sub": principal.arn,
        "iss": _ISSUER,
        "accountId": principal.account,
    }


@signin.write("RevokeOAuth2TokenWithIAM", on=_of_token_given("signin:RevokeOAuth2Token"), context=(_token_type,))
def revoke(call: WriteCall, given: Given) -> Answer:
    """End the session of a refresh token of the caller's account; of any other text nothing comes."""
    one = _of_token(call, given["token"])
    if one is not None:
        end(call, one.session)
    return {}


def _access(call: Call, text: str) -> _Access | None:
    """The content of an access token, valid or not, if it belongs to the caller's account."""
    token = opened(call.parts.keyring, SignInAccessToken, text)
    claims = unpack(token.claims) if token is not None else None
    if token is None or claims is None or claims.account != call.account:
        return None
    return _Access(token, claims)


def _of_token(call: Call, text: str) -> Owned | None:
    """The session of the newest refresh token, or of the one before, if it belongs to the caller's account."""
    token = opened(call.parts.keyring, SignInRefreshToken, text)
    if token is None or token.account != call.account:
        return None
    session = session_of(call.snapshot, token.account, token.session)
    if session is None or session.kind is not Grantor.PRINCIPAL or token.generation not in _newest(session):
        return None
    principal = long_term_principal(call.view, session.holder)
    return Owned(session, principal) if principal is not None else None


def _newest(session: OAuthSession) -> tuple[int, int]:
    return session.generation, session.generation - 1
