"""A JSON request body, read strictly.

Refused, because two readers may understand them differently: members given twice, numbers that are none, lone
surrogates, more than 32 levels, any encoding but UTF-8.
"""

from __future__ import annotations

import json
import math
from typing import Any, Never

from carnet.base.bounded_json import NestedTooDeeply, check_levels, check_surrogates
from carnet.protocols.unreadable import Unreadable

MAX_DEPTH = 32

_MAX_DIGITS = 20


def read_json(body: bytes) -> Any:
    """The value of a JSON body; Unreadable for anything that is not exactly one."""
    try:
        text = body.decode("utf-8")
        check_levels(text, MAX_DEPTH)
        value = _DECODER.decode(text)
        check_surrogates(text)
    except NestedTooDeeply:
        raise Unreadable(f"The request body is nested more than {MAX_DEPTH} levels deep") from None
    except ValueError:
        # UnicodeError is a ValueError, and so is what the decoder raises.
        raise Unreadable("The request body is not valid JSON") from None
    return value


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
