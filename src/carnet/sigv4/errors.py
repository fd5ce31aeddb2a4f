"""What a caller whose signature is not accepted is told, in AWS's words.

Codes are those of the query protocol; the JSON protocols of AWS spell some of them differently.
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
INVARIANT: a message repeats a part of the request through `shown` only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnet.identity.auth_failure import AuthFailure

SIGNATURE_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
NO_REGION = "Credential should be scoped to a valid region."
_REGION_MEANT = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,15}|", re.ASCII)
"""What a Region may be written as by mistake, such as the `US` of older clients."""
_ALGORITHM = re.compile(r"AWS[0-9]?(-[A-Z0-9]{2,6}){0,4}", re.ASCII)


def shown(given: str, usual: re.Pattern[str]) -> str:
    """What the request has in some place, if it looks like what belongs there; else `...`.

    AWS repeats it whatever it is. But who mistakes one part of a credential for another sends a secret, or a piece of
    one, if something else is expected, and no message may carry that into a log, the caller's or this server's.
    """
    return given if usual.fullmatch(given) else "..."


class WrongRegion(AuthFailure):
    """Nothing is wrong with a credential scope but its Region, which is none; `given` is what it has there, if that may
    be shown."""

    def __init__(self, given: str) -> None:
        super().__init__("SignatureDoesNotMatch", NO_REGION)
        self.given = shown(given, _REGION_MEANT)


class UnknownToken(AuthFailure):
    """The request has a session token, and the token and the key id are not those of one live session."""


def missing_token() -> AuthFailure:
    """Nothing in the request says who signed it."""
    return AuthFailure("MissingAuthenticationToken", "Request is missing Authentication Token")


def unsupported_algorithm(given: str) -> AuthFailure:
    """The signature is not of the one algorithm that is accepted."""
    return incomplete(f"Unsupported AWS 'algorithm': '{shown(given, _ALGORITHM)}'.")


def incomplete(sentence: str) -> AuthFailure:
    """What the request says about its signature is not complete or not well-formed."""
    return AuthFailure("IncompleteSignature", sentence)


def mismatch(sentence: str = SIGNATURE_MISMATCH) -> AuthFailure:
    """The signature is not the one that the secret gives for this request, at this time, in this scope."""
    return AuthFailure("SignatureDoesNotMatch", sentence)


def wrong_signature(computed: Mapping[str, str]) -> AuthFailure:
    """Nothing else is wrong: the caller signed another request, or with another secret."""
    return AuthFailure("SignatureDoesNotMatch", SIGNATURE_MISMATCH, computed)


def unknown_credential(token: str | None) -> AuthFailure:
    """No live credential: one answer for keys that are unknown, inactive and deleted, and for foreign tokens.

    Amazon S3 alone tells the caller that it is the token.
    """
    kind = AuthFailure if token is None else UnknownToken
    return kind("InvalidClientTokenId", "The security token included in the request is invalid.")


def expired_token() -> AuthFailure:
    """The session token is genuine and its time is over."""
    return AuthFailure("ExpiredToken", "The security token included in the request is expired")
