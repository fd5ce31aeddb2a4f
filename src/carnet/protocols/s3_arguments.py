"""The arguments in the query string of a request to Amazon S3 that have bounds, and what AWS says of others.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnet.protocols.s3_routing import S3Route
from carnet.protocols.unreadable import Unreadable

_PAGES = {
    "max-keys": "maxKeys",
    "max-uploads": "max-uploads",
    "max-parts": "max-parts",
    "part-number-marker": "part-number-marker",
}
"""How long a page is and where it begins, and what AWS calls that if it is negative."""
_INTEGER = re.compile(r"[+-]?[0-9]{1,11}", re.ASCII)
_LARGEST, _LAST_PART = 2**31 - 1, 10_000
_OF_VERSIONS = "ListObjectVersions"


class ArgumentRefused(Unreadable):
    """The text is AWS's sentence, without its full stop; `members` are the further elements of the error."""

    def __init__(self, message: str, name: str, value: str) -> None:
        super().__init__(message)
        self.members = {"ArgumentName": name, "ArgumentValue": value}


def read_arguments(routed: S3Route) -> Mapping[str, str]:
    """The query string of a request, without the lengths of pages that are empty: they are as if not given.

    Raises ArgumentRefused.
    """
    query = routed.query
    if not query:
        return query
    for name, called in _PAGES.items():
        if query.get(name):
            _check_page(routed.operation, name, called, query[name])
    part, encoding = query.get("partNumber"), query.get("encoding-type")
    if part is not None and not 1 <= _number(part) <= _LAST_PART:
        told = f"Part number must be an integer between 1 and {_LAST_PART}, inclusive"
        raise ArgumentRefused(told, "partNumber", part)
    if encoding not in (None, "url"):
        raise ArgumentRefused("Invalid Encoding Method specified in Request", "encoding-type", encoding)
    return {name: value for name, value in query.items() if value or name not in _PAGES}


def _check_page(operation: str, name: str, called: str, value: str) -> None:
    number = _number(value, none=_LARGEST + 1)
    if number > _LARGEST or number < -_LARGEST - 1:
        raise ArgumentRefused(f"Provided {name} not an integer or within integer range", name, value)
    if number >= 0:
        return
    if operation == _OF_VERSIONS:
        raise ArgumentRefused("max-keys cannot be negative", called, value)
    raise ArgumentRefused(f"Argument {called} must be an integer between 0 and {_LARGEST}", called, value)


def _number(text: str, none: int = 0) -> int:
    """The integer; `none` for what is not one."""
    return int(text) if _INTEGER.fullmatch(text) else none
