"""CreateOAuth2TokenWithTokenExchange: a program that a principal has signed in to gets a token for one service.

AWS does not say whose JWTs it takes. Here it is the ID token of `aws login` alone: this server has made it, and its
session says whether it still holds.

https://docs.aws.amazon.com/signin/latest/APIReference/API_dataplane-signin_CreateOAuth2TokenWithTokenExchange.html
https://www.rfc-editor.org/rfc/rfc8693
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from carnet.access.authorize import Decided
from carnet.access.sign_in_policy import CREATE_TOKEN
from carnet.base.arns import parse_arn
from carnet.base.faults import Refused
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.identity.authenticate import Authenticate
from carnet.identity.id_tokens import opened_id_token
from carnet.identity.oauth_tokens import SignedInAs, session_of, unpacked
from carnet.keyring.session_claims import SessionClaims
from carnet.services.operation import AnonymousCall, Answer, anybody
from carnet.services.signin import refusals
from carnet.services.signin.login import (
    CLIENT_AUTHENTICATION,
    GRANT_TYPE,
    ClientRequest,
    check_allowed,
    claims_of,
    principal_of,
)
from carnet.services.signin.service import signin
from carnet.services.signin.service_tokens import LONGEST_ACCESS_SECONDS, check_resource, issued

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_ISSUED = "urn:ietf:params:oauth:token-type:access_token"

Given = Mapping[str, Any]


@signin.read("CreateOAuth2TokenWithTokenExchange", on=anybody, authenticate=Authenticate.ANONYMOUS)
def create_oauth2_token_with_token_exchange(call: AnonymousCall, given: Given) -> Answer:
    """A token that is valid for an hour, or as long as the session. Raises Refused."""
    if given["grantType"] != _EXCHANGE:
        raise refusals.invalid_grant("The assertion is of no issuer that is trusted.")
    resource, text = _member(given, "resource"), _member(given, "subjectToken")
    if _member(given, "subjectTokenType") != _JWT:
        raise refusals.invalid_request(f"The subject_token_type must be {_JWT}.")
    check_resource(resource)
    if "scope" in given:
        # Introspection could not report this limit to a service: the token would be valid for more than was asked.
        raise refusals.invalid_scope("Session policies are not supported.")
    return _issue_token(call, _session_of_token(call, text), resource)


def _session_of_token(call: AnonymousCall, text: str) -> OAuthSession:
    """The session of an ID token, if it is good. Raises Refused.

    INVARIANT: of tokens that are not, no caller learns whose, or of when, they are.
    """
    token = opened_id_token(call.parts.keyring, text)
    arn = parse_arn(token.sub) if token is not None else None
    session = session_of(call.snapshot, arn.account, token.jti) if token is not None and arn is not None else None
    if token is None or session is None or token.iss != call.parts.public_url or call.now.timestamp() >= token.exp:
        raise _not_good()
    if session.kind is not Grantor.PRINCIPAL or session.client != token.aud or not session.is_good(call.now):
        raise _not_good()
    return session


def _issue_token(call: AnonymousCall, session: OAuthSession, resource: str) -> Answer:
    """Raises Refused if the principal has changed, or its policies do not allow it."""
    who = unpacked(session.claims)
    if who is None:
        raise _not_good()
    claims = claims_of(call.snapshot, call.parts, session.account, who, call.now)
    try:
        call.decided.append(_decide_exchange(call, session, who, claims, resource))
    except Refused as refused:
        raise refusals.by_grant(refused) from refused
    call.parts.tokens.check_issuing()
    ends_ms = min(call.now_ms + 1000 * LONGEST_ACCESS_SECONDS, int(session.expires.timestamp() * 1000))
    claims = structs.replace(claims, expires_ms=ends_ms)
    told = issued(call, claims, client=session.client, resource=resource, session=session.id)
    return {**told, "issuedTokenType": _ISSUED}


def _decide_exchange(
    call: AnonymousCall, session: OAuthSession, who: SignedInAs, claims: SessionClaims, resource: str
) -> Decided:
    """Raises Refused, as CreateOAuth2Token does."""
    principal = principal_of(call.snapshot, session.account, who)
    request = {**call.context.request, GRANT_TYPE: _EXCHANGE, CLIENT_AUTHENTICATION: "none"}
    asked = ClientRequest(CREATE_TOKEN, session.client, request, service=resource)
    return check_allowed(call.snapshot, call.parts.engine, principal, claims, asked, call.now)


def _not_good() -> Refused:
    return refusals.invalid_grant("The subject token is not valid.")


def _member(given: Given, name: str) -> str:
    if name not in given:
        raise refusals.invalid_request(f"{name} is missing.")
    value: str = given[name]
    return value
