"""Names and values of headers, also of those in the query string of a presigned request or in a form."""

from __future__ import annotations

import re

from carnet.gateway.s3.faults import S3Fault

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
"""https://www.rfc-editor.org/rfc/rfc9110#name-tokens"""
_VALUE = re.compile(r"[^\x00-\x1f\x7f]*")
_SHOWN = 64


def is_header_name(name: str) -> bool:
    """Whether a header can have that name, which is in lower case."""
    return _NAME.fullmatch(name) is not None


def header_value(name: str, value: str) -> str:
    """The value as a header has it when it is sent; `name` is in lower case.

    INVARIANT: neither has a line break, and the name has no colon. Raises S3Fault for what cannot be a header.
    """
    if not is_header_name(name):
        raise S3Fault("InvalidArgument", f"{name[:_SHOWN]!a} is not the name of a header.")
    if not _VALUE.fullmatch(value):
        raise S3Fault("InvalidArgument", f"The value of {name[:_SHOWN]} is not valid.")
    return value.encode("utf-8", "replace").decode("latin-1")
