"""How values are written in columns: times as numbers, what an entity owns as JSON.

Reading raises ValueError for whatever writing could not have written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, TypeAlias

import msgspec
import orjson

from carnet.base.timestamps import UNIX_EPOCH

RowValues: TypeAlias = dict[str, str | int | bytes | bytearray | bool | None]
"""Column name to value, as both databases take it."""

_MICROSECOND = timedelta(microseconds=1)
_PAIRS = msgspec.json.Decoder(dict[str, str])
_STRINGS = msgspec.json.Decoder(tuple[str, ...])
_PLAIN = frozenset((str, int, bytes, bool, type(None)))


def moment(when: datetime) -> int:
    """Microseconds since 1970, which both databases store and compare exactly."""
    return (when - UNIX_EPOCH) // _MICROSECOND


def read_moment(micros: int) -> datetime:
    return UNIX_EPOCH + timedelta(microseconds=micros)


def json_text(value: Any) -> str:
    """JSON that keeps the order of members: tags are listed as they were given."""
    return orjson.dumps(value).decode("utf-8")


def pairs(value: Mapping[str, str]) -> str:
    """A string-to-string mapping."""
    return json_text(dict(value)) if value else "{}"


def strings(value: Iterable[str]) -> str:
    return json_text(list(value))


def columns(values: Mapping[str, Any]) -> RowValues:
    """Values by column as they are stored: times, mappings, tuples and words of enumerations are written."""
    return written(values.keys(), values.values())


def written(names: Iterable[str], values: Iterable[Any]) -> RowValues:
    """The same of names and values that stand in the same order."""
    return {
        name: value if (kind := value.__class__) in _PLAIN else _writer(kind)(value)
        for name, value in zip(names, values, strict=True)
    }


@cache
def _writer(kind: type) -> Callable[[Any], Any]:
    """How values of a type are written."""
    if issubclass(kind, datetime):
        return moment
    if issubclass(kind, Mapping):
        return pairs
    if issubclass(kind, tuple):
        return strings
    return str if issubclass(kind, StrEnum) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def read_pairs(text: str) -> dict[str, str]:
    if text == "{}":  # most are, and a first load reads them by the hundred thousand
        return {}
    try:
        return _PAIRS.decode(text)
    except msgspec.DecodeError as problem:
        raise ValueError("not a JSON object of strings") from problem


def read_moments(text: str) -> dict[str, int]:
    """A mapping of strings to epoch milliseconds."""
    value = orjson.loads(text)
    if type(value) is not dict or not all(type(item) is int for item in value.values()):
        raise ValueError("not a JSON object of numbers")
    return value


def read_strings(text: str) -> tuple[str, ...]:
    if text == "[]":
        return ()
    try:
        return _STRINGS.decode(text)
    except msgspec.DecodeError as problem:
        raise ValueError("not a JSON list of strings") from problem


def read_numbers(text: str) -> tuple[int, ...]:
    value = orjson.loads(text)
    if type(value) is not list or not all(type(item) is int for item in value):
        raise ValueError("not a JSON list of numbers")
    return tuple(value)


def read_object(text: str) -> dict[str, Any]:
    value = orjson.loads(text)
    if type(value) is not dict:
        raise ValueError("not a JSON object")
    return value


def read_objects(text: str) -> list[dict[str, Any]]:
    value = orjson.loads(text)
    if type(value) is not list or not all(type(item) is dict for item in value):
        raise ValueError("not a JSON list of objects")
    return value
