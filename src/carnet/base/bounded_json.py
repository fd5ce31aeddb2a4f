"""JSON that others have written, whose depth is looked at before it is read.

The parser of the standard library descends by recursion, and raises RecursionError at the end of Python's stack.
That is too late: an object that is collected as garbage at that moment has no stack left for its finalizer, and what
the finalizer would have closed stays open.

It also reads half of a surrogate pair, which is no text: nobody can write it to a log, to a database, or to a client.
"""

from __future__ import annotations

import json
import re
from typing import Any

MOST_LEVELS = 64
"""Twice as deep as a policy may be, so that a file may hold policies."""

_HALF_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]", re.ASCII)
_ESCAPES = re.compile(r"\\u([dD][89abAB]..)\\u[dD][c-fC-F]..|\\u([dD][89a-fA-F]..)|\\.", re.DOTALL)
_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class NestedTooDeeply(ValueError):
    """The text has more levels than are read."""


def loads(text: str | bytes, **options: Any) -> Any:
    """`json.loads(text, **options)`. Raises ValueError for what it raises it for, and for what is no text, and
    NestedTooDeeply."""
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text))
    elif not text.isascii():
        text.encode("utf-8")
    check_surrogates(text)
    check_levels(text, MOST_LEVELS)
    return json.loads(text, **options)


def check_surrogates(text: str) -> None:
    """Raise ValueError for an escape that is half of a surrogate pair, without its other half."""
    if _HALF_ESCAPED.search(text) and any(match[2] for match in _ESCAPES.finditer(text)):
        raise ValueError("a lone surrogate is no text")


def check_levels(text: str, most: int) -> None:
    """Raises NestedTooDeeply if arrays and objects stand more than `most` levels deep in each other."""
    if text.count("[") + text.count("{") <= most:
        return
    depth = 0
    for match in _MARKS.finditer(text):
        mark = match[0][0]
        if mark in "[{":
            depth += 1
            if depth > most:
                raise NestedTooDeeply(f"nested more than {most} levels deep")
        elif mark in "]}":
            depth -= 1
