"""A JSON request body, read strictly.

Refused, because two readers of them may see two things: members given twice, numbers that are none, lone surrogates,
more than 32 levels, any encoding but UTF-8.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Never

from carnet.protocols.unreadable import Unreadable

MAX_DEPTH = 32

_MAX_DIGITS = 20
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]", re.ASCII)


def read_json(body: bytes) -> Any:
    """The value of a JSON body; Unreadable for anything that is not exactly one."""
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        value = _DECODER.decode(text)
        if _ESCAPED_SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        # UnicodeError is a ValueError, and so is what the decoder raises.
        raise Unreadable("The request body is not valid JSON") from None
    return value


def _check_depth(text: str) -> None:
    """INVARIANT: runs before the decoder, which descends by recursion."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _BRACKETS.finditer(text):
        mark = match[0][0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise Unreadable(f"The request body is nested more than {MAX_DEPTH} levels deep")
        elif mark in "]}":
            depth -= 1


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Unreadable("A member is given more than once in the request body")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise Unreadable("A number in the request body is out of range")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Unreadable("A number in the request body is out of range")
    return value


def _constant(name: str) -> Never:
    raise Unreadable(f"{name} is not a number of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=_constant
)
