"""The sessions of clients that somebody has consented to, and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from carnet.entities.oauth_session import Grantor, OAuthSession, RefreshUse
from carnet.identity.oauth_tokens import AccessToken, RefreshToken, opened, person_of, sealed, session_of
from carnet.services.oauth_sessions import begin
from carnet.services.operation import AnonymousWriteCall, Answer, AnyCall, Refusal, WriteCall
from carnet.services.sso_oidc import refusals

REFRESHED = timedelta(hours=1)
"""How long an access token is good that can be followed by another one."""


def tokens_of(
    call: AnyCall, session: OAuthSession, *, refreshed: bool, scopes: tuple[str, ...] | None = None
) -> Answer:
    """The tokens of a session as it is now; `refreshed`: the client may ask for the next ones.

    `scopes`: those of the access token, if it is to have fewer than the session (RFC 6749, section 6).

    Raises Refused if the person may not sign in any more, and Unavailable if this node knows too little by now.
    """
    if not session.is_good(call.now) or person_of(call.snapshot, session) is None:
        raise refusals.invalid_grant()
    call.parts.tokens.check_issuing()
    until = min(session.expires, call.now + REFRESHED) if refreshed else session.expires
    access = AccessToken(
        account=session.account,
        session=session.id,
        issued_ms=call.now_ms,
        expires_ms=int(until.timestamp() * 1000),
        epoch=call.snapshot.epoch,
        scopes=scopes,
    )
    refresh = RefreshToken(account=session.account, session=session.id, generation=session.generation)
    keyring = call.parts.keyring
    return {
        "accessToken": sealed(keyring, access).text,
        "tokenType": "Bearer",
        "expiresIn": int((until - call.now).total_seconds()),
        **({"refreshToken": sealed(keyring, refresh).text} if refreshed else {}),
    }


def kept(call: WriteCall | AnonymousWriteCall, session: OAuthSession) -> OAuthSession:
    """Keep a new session. Raises Refused if so many of the person have begun just now."""
    if not begin(call.store, call.snapshot.accounts[session.account], session):
        raise refusals.slow_down()
    return session


def ended(call: WriteCall | AnonymousWriteCall, session: OAuthSession) -> Refusal:
    """End a session of which something was used twice: one of those who did has it by theft.

    https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
    """
    if not session.revoked:
        call.store.save(replace(session, revoked=True))
    return Refusal(refusals.invalid_grant())


def rotated(call: WriteCall | AnonymousWriteCall, given: Mapping[str, Any], client: str) -> OAuthSession | Refusal:
    """The session that a client's refresh token is of, whose next tokens it gets; it ends if the token was stolen.

    Raises Refused for a token of another client, of a session that is over, and for what is no token.
    """
    token = opened(call.parts.keyring, RefreshToken, member(given, "refreshToken"))
    session = session_of(call.snapshot, token.account, token.session) if token is not None else None
    if token is None or session is None or session.kind is not Grantor.PERSON:
        raise refusals.invalid_grant("Invalid refresh token provided")
    if session.client != client or not session.is_good(call.now):
        raise refusals.invalid_grant("Invalid refresh token provided")
    match session.use_of(token.generation, call.now):
        case RefreshUse.STOLEN:
            return ended(call, session)
        case RefreshUse.NEXT:
            session = session.rotating(call.now)
            call.store.save(session)
        case RefreshUse.AGAIN:
            pass
    return session


def member(given: Mapping[str, Any], name: str) -> str:
    """What a grant cannot do without. Raises Refused."""
    if name not in given:
        raise refusals.invalid_request()
    value: str = given[name]
    return value
