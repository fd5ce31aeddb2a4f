"""What Amazon S3 tells of a credential that it does not take. It alone tells a key id from a session token.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.errors import UnknownToken

_INVALID_TOKEN = ("InvalidToken", "The provided token is malformed or otherwise invalid.")
_BY_COMMON_CODE: Mapping[str, tuple[str, str]] = {
    "InvalidClientTokenId": (
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    "ExpiredToken": ("ExpiredToken", "The provided token has expired."),
    "MissingAuthenticationToken": ("AccessDenied", "Access Denied"),
}


def told_by_s3(failure: AuthFailure) -> tuple[str, str]:
    """Amazon S3's code and sentence; the failure's own for what is not about a credential."""
    if isinstance(failure, UnknownToken):
        return _INVALID_TOKEN
    return _BY_COMMON_CODE.get(failure.code, (failure.code, failure.message))
