"""CreateTokenWithIAM: an application, which authenticates by a signature, gets tokens of a person.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateTokenWithIAM.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from carnet.base.timestamps import iso_seconds
from carnet.directory.identity_center import application_at, instance_called, may_use
from carnet.entities.oauth_session import PORTAL_SESSION, Grantor, OAuthSession
from carnet.entities.sso_application import SsoApplication
from carnet.identity.id_tokens import id_token
from carnet.identity.identity_context import context_of
from carnet.identity.oauth_tokens import (
    AccessToken,
    AuthorizationCode,
    digest,
    moment_of,
    opened,
    person_of,
    sealed,
    session_of,
)
from carnet.services.oauth_sessions import attributes_of
from carnet.services.operation import Answer, Refusal, WriteCall
from carnet.services.pkce import is_verifier_of
from carnet.services.sso_oidc import refusals
from carnet.services.sso_oidc.applications import (
    IDENTITY_CONTEXT,
    JWT_BEARER,
    OPENID,
    TOKEN_EXCHANGE,
    application,
    grant_of,
    is_audience,
    narrowed,
    scopes_of_application,
)
from carnet.services.sso_oidc.assertions import PREPARATION, person_vouched_for
from carnet.services.sso_oidc.clients import CODE, REFRESH
from carnet.services.sso_oidc.service import sso_oidc
from carnet.services.sso_oidc.sessions import ended, kept, member, rotated, tokens_of

Given = Mapping[str, Any]
_ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
_REFRESH_TYPE = "urn:ietf:params:oauth:token-type:refresh_token"


@sso_oidc.write("CreateTokenWithIAM", on=application, prepare=PREPARATION)
def create_token_with_iam(call: WriteCall, given: Given, found: SsoApplication) -> Answer:
    """Issue an access token of the application, and a refresh token if it has that grant."""
    by = _GRANTS.get(given["grantType"])
    if by is None:
        raise refusals.unsupported_grant_type()
    return by(call, given, found)


def _by_assertion(call: WriteCall, given: Given, found: SsoApplication) -> Answer:
    person, unique = person_vouched_for(call, found)
    session = _new_session(call, found, holder=person.id, grant=unique, scopes=_scopes(found, given))
    return _begin_session(call, session, found)


def _by_code(call: WriteCall, given: Given, found: SsoApplication) -> Answer:
    grant_of(found, CODE, "AuthorizationCode")
    text = member(given, "code")
    code = opened(call.parts.keyring, AuthorizationCode, text)
    if code is None or code.client != digest(found.arn):
        raise refusals.invalid_grant()
    made = call.snapshot.named(OAuthSession, digest(text))
    if made is not None:
        return ended(call, made)
    if call.now >= moment_of(code.expires_ms) or code.redirect != digest(member(given, "redirectUri")):
        raise refusals.invalid_grant()
    if not _is_of_who_asked(code.challenge, given.get("codeVerifier")):
        raise refusals.invalid_grant()
    scopes = narrowed(code.scopes, given.get("scope"))
    session = _new_session(call, found, holder=code.holder, grant=digest(text), scopes=scopes)
    attributes = attributes_of(call.snapshot.accounts[found.account], code.sign_in, code.holder)
    if attributes is None:
        raise refusals.invalid_grant()
    return _begin_session(call, replace(session, sign_in=code.sign_in, attributes=attributes), found)


def _is_of_who_asked(challenge: str, verifier: str | None) -> bool:
    """INVARIANT: PKCE cannot be bypassed by leaving out one of its halves (RFC 9700, section 2.1.1)."""
    if not challenge or verifier is None:
        return not challenge and verifier is None
    return is_verifier_of(challenge, verifier)


def _by_refresh_token(call: WriteCall, given: Given, found: SsoApplication) -> Answer:
    grant_of(found, REFRESH, "RefreshToken")
    session = rotated(call, given, found.arn)
    if isinstance(session, Refusal):
        return session
    return _token_answer(call, session, found, narrowed(session.scopes, given.get("scope")))


def _by_exchange(call: WriteCall, given: Given, found: SsoApplication) -> Answer:
    """A token of another application that is meant for this one is exchanged for a token of this one."""
    grant_of(found, TOKEN_EXCHANGE, "TokenExchange")
    if given.get("subjectTokenType", _ACCESS_TYPE) != _ACCESS_TYPE:
        raise refusals.invalid_request("Invalid subject token type")
    asked = given.get("requestedTokenType", _ACCESS_TYPE)
    if asked not in (_ACCESS_TYPE, _REFRESH_TYPE):
        raise refusals.invalid_request("Invalid requested token type")
    subject, scopes = _subject(call, member(given, "subjectToken"))
    source = application_at(call.snapshot, subject.client)
    if source is None or source.arn == found.arn or source.instance != found.instance:
        raise refusals.invalid_grant()
    if not is_audience(source, scopes, found):
        raise refusals.invalid_grant("The subject token is not meant for this application")
    session = _new_session(
        call,
        found,
        holder=subject.holder,
        grant=subject.exchange_of(call.parts.ids.uuid()),
        scopes=_scopes(found, given),
        until=subject.expires,
    )
    session = replace(session, sign_in=subject.sign_in, attributes=subject.attributes)
    return {**_begin_session(call, session, found), "issuedTokenType": asked}


def _subject(call: WriteCall, text: str) -> tuple[OAuthSession, tuple[str, ...]]:
    """The session of an access token that is valid now, and the token's scopes. Raises Refused."""
    token = opened(call.parts.keyring, AccessToken, text)
    if token is None or token.epoch != call.snapshot.epoch or call.now_ms >= token.expires_ms:
        raise refusals.invalid_grant()
    session = session_of(call.snapshot, token.account, token.session)
    if session is None or not session.is_good(call.now) or person_of(call.snapshot, session) is None:
        raise refusals.invalid_grant()
    return session, token.allows(session)


_GRANTS: Mapping[str, Callable[[WriteCall, Given, SsoApplication], Answer]] = {
    CODE: _by_code,
    REFRESH: _by_refresh_token,
    JWT_BEARER: _by_assertion,
    TOKEN_EXCHANGE: _by_exchange,
}


def _scopes(found: SsoApplication, given: Given) -> tuple[str, ...]:
    return narrowed(scopes_of_application(found), given.get("scope"))


def _new_session(
    call: WriteCall,
    found: SsoApplication,
    *,
    holder: str,
    grant: str,
    scopes: tuple[str, ...],
    until: datetime | None = None,
) -> OAuthSession:
    """A new session, for as long as a sign-in lasts, or `until` the end of another session. Raises Refused."""
    instance = instance_called(call.snapshot, found.instance)
    if instance is None or not may_use(call.snapshot.accounts[found.account], found, holder):
        raise refusals.access_denied()
    return OAuthSession(
        id=call.parts.ids.uuid(),
        account=found.account,
        kind=Grantor.PERSON,
        holder=holder,
        instance=instance.id,
        client=found.arn,
        client_name=found.name,
        scopes=scopes,
        grant=grant,
        created=call.now,
        expires=min(until or call.now + PORTAL_SESSION, call.now + PORTAL_SESSION),
        rotated=call.now,
    )


def _begin_session(call: WriteCall, session: OAuthSession, found: SsoApplication) -> Answer:
    return _token_answer(call, kept(call, session), found, session.scopes)


def _token_answer(call: WriteCall, session: OAuthSession, found: SsoApplication, scopes: tuple[str, ...]) -> Answer:
    """`scopes`: those that the tokens have; the refresh token goes on having all of the session."""
    fewer = None if set(scopes) == set(session.scopes) else scopes
    answer: dict[str, Any] = {**tokens_of(call, session, refreshed=REFRESH in found.grants, scopes=fewer)}
    answer["scope"] = list(scopes)
    context = _context(call, session, answer["expiresIn"]) if IDENTITY_CONTEXT in scopes else None
    if context is not None:
        answer["awsAdditionalDetails"] = {"identityContext": context}
    if OPENID in scopes:
        told = {}
        if context is not None:
            audit = _context(call, session, answer["expiresIn"], for_audit=True)
            told = {"sts:identity_context": context, "sts:audit_context": audit}
        answer["idToken"] = id_token(call.parts.keyring, _identity(call, session) | told)
    return {**answer, "issuedTokenType": _ACCESS_TYPE}


def _context(call: WriteCall, session: OAuthSession, seconds: int, *, for_audit: bool = False) -> str:
    """A context assertion for AssumeRole. It is valid as long as the access token."""
    made = context_of(session, call.now_ms + 1000 * seconds, call.snapshot.epoch, for_audit=for_audit)
    return sealed(call.parts.keyring, made).text


def _identity(call: WriteCall, session: OAuthSession) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-grants-directory-ids.html shows the claims."""
    issued, instance = call.now_ms // 1000, instance_called(call.snapshot, session.instance)
    claims = {
        "iss": call.parts.public_url,
        "sub": session.holder,
        "aud": session.client,
        "iat": issued,
        "exp": int(session.expires.timestamp()),
        "auth_time": iso_seconds(session.created),
        "jti": call.parts.ids.uuid(),
        "aws:credential_id": session.id,
    }
    if instance is None:
        return claims
    return claims | {
        "aws:identity_store_id": instance.identity_store,
        "aws:identity_store_arn": instance.identity_store_arn,
        "aws:instance_account": instance.account,
        "aws:instance_arn": instance.arn,
    }
