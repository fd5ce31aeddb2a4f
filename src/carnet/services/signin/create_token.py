"""CreateOAuth2Token: `aws login` gets credentials for 15 minutes, repeatedly while its session lasts.

https://docs.aws.amazon.com/signin/latest/APIReference/API_CreateOAuth2Token.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from carnet.access.sign_in_policy import CREATE_TOKEN
from carnet.entities.oauth_session import SIGN_IN_SESSION, Grantor, OAuthSession, RefreshUse
from carnet.identity.authenticate import Authenticate
from carnet.identity.caller import ProvenKey
from carnet.identity.id_tokens import id_token
from carnet.identity.oauth_tokens import (
    AuthorizationCode,
    SignedInAs,
    SignInRefreshToken,
    digest,
    moment_of,
    opened,
    sealed,
    session_of,
    unpacked,
)
from carnet.keyring.errors import TokenTooLarge
from carnet.services.oauth_sessions import attributes_of, begin
from carnet.services.operation import AnonymousCall, AnonymousWriteCall, Answer, Refusal, anybody
from carnet.services.pkce import is_verifier_of
from carnet.services.preparing import Pool, Preparation
from carnet.services.signin import refusals
from carnet.services.signin.login import (
    CLIENT_AUTHENTICATION,
    GRANT_TYPE,
    REDIRECT_URI,
    ClientRequest,
    check_allowed,
    claims_of,
    principal_of,
)
from carnet.services.signin.service import signin
from carnet.services.target import Keys

_CHECKED = Pool(name="signin", size=16, waiting=1000, seconds=5)
_CODE, _REFRESH = "authorization_code", "refresh_token"
_PROOFS = 32
"""Proofs of one session within the time in which a proof is taken: who asks oftener is told to come back later."""

Given = Mapping[str, Any]


async def _refuse_early(call: AnonymousCall, given: Given) -> None:
    """Refuse codes and tokens that were never issued, before the turn to write."""
    asked = given["tokenInput"]
    if asked["grantType"] == _CODE:
        _code(call, asked)
    else:
        _session(call, asked)


@signin.write(
    "CreateOAuth2Token",
    on=anybody,
    authenticate=Authenticate.DPOP,
    prepare=Preparation(pool=_CHECKED, work=_refuse_early),
)
def create_oauth2_token(call: AnonymousWriteCall, given: Given) -> Answer:
    """Issue credentials for a code, or for the refresh token that came with the last ones."""
    asked = given["tokenInput"]
    if asked["grantType"] == _CODE:
        return _by_code(call, asked)
    return _by_refresh_token(call, asked)


def _by_code(call: AnonymousWriteCall, asked: Given) -> Answer:
    code = _code(call, asked)
    made = call.snapshot.named(OAuthSession, digest(asked["code"]))
    if made is not None:
        return _end_session(call, made, refusals.code_expired())
    _check_code(call, code, asked)
    key = _key(call)
    session = OAuthSession(
        id=call.parts.ids.uuid(),
        account=code.account,
        kind=Grantor.PRINCIPAL,
        holder=code.holder,
        client=asked["clientId"],
        client_name="aws login",
        scopes=code.scopes,
        grant=digest(asked["code"]),
        created=call.now,
        expires=call.now + SIGN_IN_SESSION,
        rotated=call.now,
        sign_in=code.sign_in,
        key=key.thumbprint,
        proofs=(_proof(key),),
        claims=code.claims,
    )
    answer = _tokens(call, session, first=True)
    if not begin(call.store, call.snapshot.accounts[session.account], session):
        raise refusals.rate_exceeded()
    return answer


def _check_code(call: AnonymousCall, code: AuthorizationCode, asked: Given) -> None:
    """Raise Refused for a code whose time is over, or that is not of who asks.

    INVARIANT: who ends the sign-in of another browser ends what was about to begin there.
    """
    if call.now >= moment_of(code.expires_ms) or code.redirect != digest(_member(asked, "redirectUri")):
        raise refusals.code_expired()
    if not is_verifier_of(code.challenge, _member(asked, "codeVerifier")):
        raise refusals.invalid("The code verifier does not match the code challenge.")
    view = call.snapshot.open_account(code.account)
    if view is None or attributes_of(view, code.sign_in, code.holder) is None:
        raise refusals.code_expired()


def _by_refresh_token(call: AnonymousWriteCall, asked: Given) -> Answer:
    session, generation = _session(call, asked)
    session = _with_proof(call, session)
    match session.use_of(generation, call.now):
        case RefreshUse.STOLEN:
            return _end_session(call, session, refusals.token_expired())
        case RefreshUse.NEXT:
            session = session.rotating(call.now)
        case RefreshUse.AGAIN:
            pass
    answer = _tokens(call, session, first=False)
    call.store.save(session)
    return answer


def _code(call: AnonymousCall, asked: Given) -> AuthorizationCode:
    """The content of a code. Raises Refused for one that was not issued here for this client."""
    code = opened(call.parts.keyring, AuthorizationCode, _member(asked, "code"))
    if code is None or code.client != digest(asked["clientId"]):
        raise refusals.code_expired()
    return code


def _session(call: AnonymousCall, asked: Given) -> tuple[OAuthSession, int]:
    """The session of a refresh token, and its generation. Raises Refused.

    INVARIANT: who does not hold the session's key learns nothing, and ends nothing.
    """
    token = opened(call.parts.keyring, SignInRefreshToken, _member(asked, "refreshToken"))
    session = session_of(call.snapshot, token.account, token.session) if token is not None else None
    if token is None or session is None or session.kind is not Grantor.PRINCIPAL or not session.is_good(call.now):
        raise refusals.token_expired()
    if session.client != asked["clientId"] or session.key != _key(call).thumbprint:
        raise refusals.token_expired()
    return session, token.generation


def _with_proof(call: AnonymousCall, session: OAuthSession) -> OAuthSession:
    """The session, once it is certain that the proof is used for the first time. Raises Refused."""
    key = _key(call)
    if _proof(key) in session.proofs:
        raise refusals.invalid("Invalid DPoP proof: it was used before.")
    oldest = session.proofs[-_PROOFS:][0] if len(session.proofs) >= _PROOFS else None
    if oldest is not None and call.now.timestamp() - int(oldest.partition(":")[0]) < _PROOF_SECONDS:
        raise refusals.rate_exceeded()
    return session.proven(_proof(key))


_PROOF_SECONDS = 600
"""Longer than a proof is taken: as old as it may be, and as far ahead."""


def _proof(key: ProvenKey) -> str:
    return f"{key.made}:{key.proof}"


def _key(call: AnonymousCall) -> ProvenKey:
    key = call.caller.key
    assert key is not None, "its authenticator has found one"
    return key


def _tokens(call: AnonymousWriteCall, session: OAuthSession, *, first: bool) -> Answer:
    """Raises Refused if the principal has changed, or is no longer allowed to sign in."""
    who = unpacked(session.claims)
    if who is None:
        raise refusals.token_expired()
    principal = principal_of(call.snapshot, session.account, who)
    claims = claims_of(call.snapshot, call.parts, session.account, who, call.now)
    request = {**call.context.request, **_keys(who, first=first)}
    asked = ClientRequest(CREATE_TOKEN, session.client, request)
    call.decided.append(check_allowed(call.snapshot, call.parts.engine, principal, claims, asked, call.now))
    claims = structs.replace(claims, expires_ms=min(claims.expires_ms, int(session.expires.timestamp() * 1000)))
    try:
        issued = call.parts.tokens.issue(claims)
    except TokenTooLarge as fault:
        raise refusals.invalid(str(fault)) from fault
    refresh = SignInRefreshToken(account=session.account, session=session.id, generation=session.generation)
    told = {
        "accessToken": {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key,
            "sessionToken": issued.session_token,
        },
        "tokenType": "aws_sigv4",
        "expiresIn": max(1, (claims.expires_ms - claims.issued_ms) // 1000),
        "refreshToken": sealed(call.parts.keyring, refresh).text,
    }
    if first:
        told["idToken"] = id_token(call.parts.keyring, _identity(call, session, principal.arn, claims.issued_ms))
    return {"tokenOutput": told}


def _keys(who: SignedInAs, *, first: bool) -> Keys:
    """The condition keys of a request by a program that proves a key of its own, and so is a public client."""
    keys = {GRANT_TYPE: _CODE if first else _REFRESH, CLIENT_AUTHENTICATION: "none"}
    return {**keys, REDIRECT_URI: who.redirect_uri} if who.redirect_uri else keys


def _identity(call: AnonymousCall, session: OAuthSession, arn: str, issued_ms: int) -> dict[str, Any]:
    return {
        "iss": call.parts.public_url,
        "sub": arn,
        "aud": session.client,
        "iat": issued_ms // 1000,
        "exp": issued_ms // 1000 + int(SIGN_IN_SESSION.total_seconds()),
        "jti": session.id,
    }


def _end_session(call: AnonymousWriteCall, session: OAuthSession, told: Any) -> Refusal:
    """End a session of which a code or a token was used twice."""
    if not session.revoked:
        call.store.save(replace(session, revoked=True))
    return Refusal(told)


def _member(asked: Given, name: str) -> str:
    if name not in asked:
        raise refusals.invalid(f"{name} is missing.")
    value: str = asked[name]
    return value
