"""OAuth's errors: each has a code of AWS, an error code of OAuth, and a sentence.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html#API_CreateToken_Errors
"""

from __future__ import annotations

from carnet.base.faults import Refused


def invalid_request(sentence: str = "Invalid request") -> Refused:
    return Refused("InvalidRequestException", sentence, {"error": "invalid_request"})


def invalid_client(sentence: str = "Invalid client") -> Refused:
    """The client is not registered, its secret is wrong, or its registration is over; which, nobody is told."""
    return Refused("InvalidClientException", sentence, {"error": "invalid_client"})


def invalid_grant(sentence: str = "Invalid grant provided") -> Refused:
    """What the client brings is not good, or not its own; which, nobody is told."""
    return Refused("InvalidGrantException", sentence, {"error": "invalid_grant"})


def invalid_scope(sentence: str = "Invalid scope provided") -> Refused:
    return Refused("InvalidScopeException", sentence, {"error": "invalid_scope"})


def invalid_redirect(sentence: str) -> Refused:
    return Refused("InvalidRedirectUriException", sentence, {"error": "invalid_redirect_uri"})


def invalid_metadata(sentence: str) -> Refused:
    return Refused("InvalidClientMetadataException", sentence, {"error": "invalid_client_metadata"})


def unsupported_grant_type() -> Refused:
    return Refused("UnsupportedGrantTypeException", "Grant type is not supported", {"error": "unsupported_grant_type"})


def unauthorized_client() -> Refused:
    return Refused(
        "UnauthorizedClientException", "The client is not registered for this grant", {"error": "unauthorized_client"}
    )


def pending() -> Refused:
    return Refused(
        "AuthorizationPendingException", "Authorization is still pending", {"error": "authorization_pending"}
    )


def slow_down() -> Refused:
    return Refused("SlowDownException", "Too many requests", {"error": "slow_down"})


def expired() -> Refused:
    return Refused("ExpiredTokenException", "Device code expired", {"error": "expired_token"})


def access_denied() -> Refused:
    return Refused("AccessDeniedException", "Access denied", {"error": "access_denied"})
