"""What a signature says of the body: its hash, nothing, or that it comes in chunks which say it themselves.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import re
from hashlib import sha256

from carnet.identity.auth_failure import AuthFailure
from carnet.sigv4.errors import SIGNATURE_MISMATCH, mismatch
from carnet.sigv4.profile import SigningProfile

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_AND_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_CHUNKS_AND_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
CHUNKED_PAYLOADS = frozenset((SIGNED_CHUNKS, SIGNED_CHUNKS_AND_TRAILER, UNSIGNED_CHUNKS_AND_TRAILER))

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class PayloadRefused(Exception):
    """The body is not what the request's head says it is; `code` and `message` are what Amazon S3 answers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def wrong_chunk() -> PayloadRefused:
    """The signature of a chunk, or of what stands behind the body, is not right."""
    return PayloadRefused("SignatureDoesNotMatch", SIGNATURE_MISMATCH)


def payload_of(body: bytes, declared: str | None, profile: SigningProfile, *, presigned: bool) -> str:
    """The line of the canonical request for a body that is there whole.

    Raises AuthFailure (SignatureDoesNotMatch) if x-amz-content-sha256 declares anything but its hash; for Amazon S3
    alone a body may be left out of the signature, or come in chunks.
    """
    excused = _payload_line(declared, profile, presigned=presigned)
    if excused is not None:
        return excused
    computed = sha256(body).hexdigest()
    if declared is not None and declared != computed:
        raise mismatch()
    return computed


def declared_payload(declared: str | None, profile: SigningProfile, *, presigned: bool) -> str:
    """The line of the canonical request for a body that is still to arrive.

    Raises AuthFailure (InvalidRequest, InvalidArgument) if the request does not say what its body will be.
    """
    excused = _payload_line(declared, profile, presigned=presigned)
    if excused is not None:
        return excused
    if declared is None:
        raise AuthFailure("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
    if not _HASH.fullmatch(declared):
        forms = ", ".join((UNSIGNED_PAYLOAD, *sorted(CHUNKED_PAYLOADS)))
        raise AuthFailure("InvalidArgument", f"x-amz-content-sha256 must be {forms}, or a valid sha256 value.")
    return declared


def _payload_line(declared: str | None, profile: SigningProfile, *, presigned: bool) -> str | None:
    """The line for a body that is not hashed whole; None if it is to be."""
    if profile.unsigned_payload and (declared == UNSIGNED_PAYLOAD or (presigned and declared is None)):
        return UNSIGNED_PAYLOAD
    return declared if profile.chunked_payload and declared in CHUNKED_PAYLOADS else None
