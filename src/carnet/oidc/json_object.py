"""JSON objects of strangers, read strictly."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from carnet.base.bounded_json import loads


def read_object(raw: bytes) -> dict[str, Any]:
    """The object that the bytes hold. Raises ValueError for what is no JSON object in UTF-8, a name that stands twice,
    a number that is none, a lone surrogate, and for what is nested too deep."""
    text = raw.decode("utf-8")
    value = loads(text, object_pairs_hook=_members, parse_constant=_no_number)
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate is no text
    if type(value) is not dict:
        raise ValueError("no object")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")
