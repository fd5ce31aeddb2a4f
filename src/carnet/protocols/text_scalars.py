"""Scalars as text: in a form, a path, a query string, a header and an XML element."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from botocore.model import Shape

from carnet.protocols.timestamps import READERS, TEXT_WRITERS
from carnet.protocols.unreadable import Unreadable

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_FLOAT = re.compile(r"-?[0-9]{1,300}(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
BITS: Mapping[str, int] = {"integer": 31, "long": 63}
"""How many bits, without the sign, an integer shape holds."""


def reader(shape: Shape, timestamp_format: str) -> Callable[[str], Any]:
    """What turns the text of a scalar shape into its value; it raises Unreadable for text that is none."""
    kind = shape.type_name
    if kind == "timestamp":
        return _timestamp_reader(shape.serialization.get("timestampFormat", timestamp_format))
    if kind in BITS:
        return _integer_reader(BITS[kind])
    return _READERS[kind]


def writer(shape: Shape, timestamp_format: str) -> Callable[[Any], str]:
    """What turns a value of a scalar shape into text; it raises TypeError for a value of another type."""
    if shape.type_name == "timestamp":
        return TEXT_WRITERS[shape.serialization.get("timestampFormat", timestamp_format)]
    return _WRITERS[shape.type_name]


def read_blob(text: str) -> bytes:
    """Base64 in its one canonical spelling. Raises Unreadable."""
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("A blob is not in base64") from None
    if base64.b64encode(value).decode("ascii") != text:
        raise Unreadable("A blob is not in canonical base64")
    return value


def write_blob(value: bytes) -> str:
    """Base64; TypeError for what is not bytes."""
    return base64.b64encode(value).decode("ascii")


def in_range(value: int, bits: int) -> int:
    """The value again; Unreadable if an integer of so many bits and a sign cannot hold it."""
    if not -(1 << bits) <= value < 1 << bits:
        raise Unreadable("A number is out of range")
    return value


def _integer_reader(bits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise Unreadable("STRING_VALUE can not be converted to an Integer")
        return in_range(int(text), bits)

    return read


def _timestamp_reader(timestamp_format: str) -> Callable[[str], datetime]:
    parse = READERS[timestamp_format]

    def read(text: str) -> datetime:
        try:
            return parse(text)
        except ValueError:
            raise Unreadable("STRING_VALUE can not be converted to a Timestamp") from None

    return read


def _read_boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text]
    except KeyError:
        raise Unreadable("STRING_VALUE can not be converted to a Boolean") from None


def _read_float(text: str) -> float:
    value = float(text) if _FLOAT.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise Unreadable("STRING_VALUE can not be converted to a Double")
    return value


def _read_string(text: str) -> str:
    return text


def _instance(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"a {kind.__name__} is wanted, not {value!r}")
    return value


def _write_string(value: Any) -> str:
    return str(_instance(value, str))


def integer(value: Any) -> int:
    """The value again; TypeError for what is no integer, as True and False are none."""
    if type(value) is not int:
        raise TypeError(f"an integer is wanted, not {value!r}")
    return value


def _write_integer(value: Any) -> str:
    return str(integer(value))


def _write_boolean(value: Any) -> str:
    return "true" if _instance(value, bool) else "false"


def _write_float(value: Any) -> str:
    return repr(float(_instance(value, float)))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "blob": read_blob,
    "boolean": _read_boolean,
    "double": _read_float,
    "float": _read_float,
    "string": _read_string,
}
_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "blob": write_blob,
    "boolean": _write_boolean,
    "double": _write_float,
    "float": _write_float,
    "integer": _write_integer,
    "long": _write_integer,
    "string": _write_string,
}
