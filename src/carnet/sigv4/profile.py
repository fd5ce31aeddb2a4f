"""What a service's signatures cover that others' do not, and how.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SigningProfile:
    """How the requests of one service are signed; as nearly every service's, unless said otherwise."""

    literal_paths: bool = False
    """Whether the path is signed as it is sent. Else AWS signs it normalised and percent-encoded once more."""
    encoded_queries: bool = False
    """Whether names and values of the query string are signed percent-encoded, however they are sent. Some clients of
    Amazon S3 (s3fs) send `/` as it is.
    """
    unsigned_payload: bool = False
    """Whether a request may leave its body out of the signature; a presigned one that does not say so does."""
    chunked_payload: bool = False
    """Whether a body may come in chunks that are signed, or left out, each by itself; the request says so.

    INVARIANT: the one signature that `verify` checks then is of the request's head. Whoever reads such a body checks
    the chunks (`chunks.ChunkReader`).
    """
    expires: bool = True
    """Whether a presigned request says with X-Amz-Expires how long it is good. Else that is 15 minutes always."""


USUAL = SigningProfile()
_S3 = SigningProfile(literal_paths=True, encoded_queries=True, unsigned_payload=True, chunked_payload=True)

PROFILES = {
    "s3": _S3,
    "s3-object-lambda": _S3,
    "s3-outposts": _S3,
    "s3express": _S3,
    "sts": SigningProfile(expires=False),
}
"""The services that differ, by signing name; all others are `USUAL`."""
