"""What a request says about its own signature, whichever form it says it in."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from carnet.sigv4.scope import ClaimedKey
from carnet.sigv4.timestamp import Timestamp

ALGORITHM = "AWS4-HMAC-SHA256"


class Presented(Struct, frozen=True, kw_only=True):
    """The parts of a signature as the caller presents them: complete and well-formed, and not yet believed."""

    key: ClaimedKey
    signed: Timestamp
    signed_headers: str
    """Names as written, with semicolons between them."""
    signature: str
    token: str | None
    lifetime: timedelta
    """How long after `signed` the signature is good."""
    signature_in: str | None = None
    """The parameter of the query string that holds the signature, of a presigned URL; None for one in a header."""
