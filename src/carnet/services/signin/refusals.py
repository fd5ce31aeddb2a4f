"""The errors of AWS Sign-In: clients have their own sentence for each `error`.

https://docs.aws.amazon.com/signin/latest/APIReference/API_CreateOAuth2Token.html
"""

from __future__ import annotations

from carnet.base.faults import Refused


def token_expired() -> Refused:
    """For a refresh token that is not, or no longer, valid; the answer does not say which."""
    return Refused("AccessDeniedException", "The session has expired. Sign in again.", {"error": "TOKEN_EXPIRED"})


def code_expired() -> Refused:
    """For a code that is not, or no longer, valid; the answer does not say which."""
    return Refused("AccessDeniedException", "The authorization code has expired.", {"error": "AUTHCODE_EXPIRED"})


def credentials_changed() -> Refused:
    """The password or the MFA device of the sign-in has been removed or changed."""
    sentence = "The user's credentials have changed. Sign in again."
    return Refused("AccessDeniedException", sentence, {"error": "USER_CREDENTIALS_CHANGED"})


def not_allowed(sentence: str) -> Refused:
    """The policies do not allow it."""
    return Refused("AccessDeniedException", sentence, {"error": "INSUFFICIENT_PERMISSIONS"})


def invalid(sentence: str = "The request is invalid.") -> Refused:
    return Refused("ValidationException", sentence, {"error": "INVALID_REQUEST"})


def invalid_request(sentence: str) -> Refused:
    """As `invalid`, with the error code of OAuth 2.0."""
    return Refused("ValidationException", sentence, {"error": "invalid_request"})


def invalid_target(sentence: str) -> Refused:
    """https://www.rfc-editor.org/rfc/rfc8707#section-2"""
    return Refused("ValidationException", sentence, {"error": "invalid_target"})


def invalid_grant(sentence: str) -> Refused:
    """For a token, or an assertion, that is not, or no longer, good; which, nobody is told.

    https://www.rfc-editor.org/rfc/rfc6749#section-5.2
    """
    return Refused("InvalidGrantException", sentence, {"error": "invalid_grant"})


def by_grant(refused: Refused) -> Refused:
    """The error that access is denied, with the error code of operations whose model has none for that."""
    return Refused("InvalidGrantException", refused.message, refused.members)


def invalid_scope(sentence: str) -> Refused:
    return Refused("InvalidScopeException", sentence, {"error": "invalid_scope"})


def rate_exceeded() -> Refused:
    return Refused("TooManyRequestsError", "Rate exceeded", {"error": "rate_exceeded"})
