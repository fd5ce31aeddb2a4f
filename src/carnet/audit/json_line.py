"""A JSON object as one line of a log."""

from __future__ import annotations

from typing import Any

import orjson

from carnet.base.unseen import escaped


def line_of(value: dict[str, Any]) -> bytes:
    """The object as one line, with its end; raises orjson.JSONEncodeError, a TypeError, for what is no JSON.

    INVARIANT: an event is not lost for a text that is none (half of a surrogate pair): `?` stands for that.
    """
    try:
        line = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        line = orjson.dumps(_with_texts(value), option=orjson.OPT_APPEND_NEWLINE)
    return line if line.isascii() and b"\x7f" not in line else escaped(line)


def _with_texts(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_with_texts(name): _with_texts(each) for name, each in value.items()}
    return [_with_texts(each) for each in value] if isinstance(value, list | tuple) else value
