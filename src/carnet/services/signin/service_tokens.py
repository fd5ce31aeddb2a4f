"""Tokens that tell a service who has asked for them: how they are made, and for which services."""

from __future__ import annotations

from carnet.catalog.service_principals import is_service_principal
from carnet.identity.oauth_tokens import SignInAccessToken, sealed
from carnet.keyring.packing import pack
from carnet.keyring.session_claims import SessionClaims
from carnet.services.operation import AnonymousCall, Answer, Call
from carnet.services.signin import refusals

LONGEST_ACCESS_SECONDS = 3600
"""How long an access token of CreateOAuth2Token... is good."""


def check_resource(resource: str) -> None:
    """Raise Refused for a text that names no service."""
    if not is_service_principal(resource):
        raise refusals.invalid_target("The resource must be the service principal of an AWS service.")


def issued(
    call: Call | AnonymousCall, claims: SessionClaims, *, client: str, resource: str, session: str = ""
) -> Answer:
    """The members of an answer that hold a token for that service, good as long as the claims are, and the session of
    `aws login` of that id, if it is for one.

    The claims have no policies and no tags, so that they are short.
    """
    packed = pack(claims)
    assert packed is not None, "what makes claims long is left out"
    token = SignInAccessToken(claims=packed, client=client, resource=resource, session=session)
    return {
        "accessToken": sealed(call.parts.keyring, token).text,
        "tokenType": "Bearer",
        "expiresIn": max(1, (claims.expires_ms - call.now_ms) // 1000),
    }
