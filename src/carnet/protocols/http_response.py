"""An answer on its way out."""

from __future__ import annotations

from msgspec import Struct

REQUEST_ID = "x-amzn-RequestId"
XML = "text/xml"
JSON = "application/json"


class HttpResponse(Struct, frozen=True, kw_only=True):
    """Status, headers and body of one HTTP answer. Its length is told by the door that sends it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Name and value, in the order written; every value is printable ASCII."""
    body: bytes
