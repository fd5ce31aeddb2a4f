"""A JSON object as one line of a log."""

from __future__ import annotations

from typing import Any

import orjson

from carnet.base.unseen import escaped


def line_of(value: dict[str, Any]) -> bytes:
    """The object as one line, with its end; raises orjson.JSONEncodeError, a TypeError, for what is no JSON."""
    line = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    return line if line.isascii() and b"\x7f" not in line else escaped(line)
