"""The metadata of an object (`x-amz-meta-*`) as its readers are told it, whatever its names and values."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

from carnet.gateway.s3.header_fields import is_header_name

PREFIX = "x-amz-meta-"
_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


def told_metadata(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers of an upstream's answer that are metadata; values as sent (latin-1). Others are left out.

    A value that is not in ASCII is encoded as RFC 2047 says. INVARIANT: no name and no value can end its line or begin
    another answer.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html#UserMetadata
    """
    return tuple(
        (name, value if value.isascii() else _encode_value(value))
        for name, value in headers
        if name.startswith(PREFIX) and is_header_name(name) and _VALUE.fullmatch(value)
    )


def _encode_value(value: str) -> str:
    sent = value.encode("latin-1")
    try:
        sent.decode("utf-8")
    except UnicodeDecodeError:
        sent = value.encode("utf-8")
    return f"=?UTF-8?B?{base64.b64encode(sent).decode('ascii')}?="
