"""Filters, from text to values: RFC 7644, figure 1. Which attributes there are is not asked here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from carnet.scim.refusals import Refusal
from carnet.scim.rfc.paths import NAME

MOST_TERMS = 50
_LONGEST, _DEEPEST = 4_000, 10
_TOKEN = re.compile(
    rf'\s*(?:(?P<mark>[()\[\]])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>{NAME}))',
    re.ASCII,
)
_END = re.compile(r"\s*", re.ASCII)
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
_WORDS = {"true": True, "false": False, "null": None}

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Present:
    """`title pr`"""

    path: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`userName sw "a"`"""

    path: str
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Within:
    """`emails[type eq "work"]`: one element meets all of it."""

    path: str
    filter: Filter


@dataclass(frozen=True, slots=True)
class Not:
    filter: Filter


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Filter, ...]


Filter: TypeAlias = Present | Comparison | Within | Not | And | Or


def refused(why: str) -> Refusal:
    return Refusal(400, f"The filter is not valid: {why}", "invalidFilter")


def read_filter(text: str) -> Filter:
    """Raises Refusal. INVARIANT: no filter has more than MOST_TERMS terms, or is deeper than a few levels."""
    reader = FilterReader(text)
    found = reader.whole()
    reader.end()
    return found


class FilterReader:
    """A filter, read from left to right."""

    def __init__(self, text: str, at: int = 0) -> None:
        if len(text) > _LONGEST:
            raise refused("it is too long.")
        self._text = text
        self._at = at
        self._depth = 0
        self._terms = 0
        self._token = self._next()

    def whole(self) -> Filter:
        """Alternatives: `and` binds more tightly than `or`."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise refused("it is too deep.")
        parts = [self._all()]
        while self._takes("or"):
            parts.append(self._all())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def bracketed(self) -> tuple[Filter, int]:
        """A filter in brackets, and where what follows it begins."""
        if not self._takes("["):
            raise refused("[ is missing.")
        found = self.whole()
        if self._token is None or self._token["mark"] != "]":
            raise refused("] is missing.")
        return found, self._token.end()

    def end(self) -> None:
        if self._token is not None:
            raise refused("it ends too late.")

    def _all(self) -> Filter:
        parts = [self._term()]
        while self._takes("and"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _term(self) -> Filter:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise refused(f"it has more than {MOST_TERMS} terms.")
        if self._takes("("):
            return self._closed_by(")")
        path = self._name()
        if path.lower() == "not" and self._takes("("):
            return Not(self._closed_by(")"))
        if self._takes("["):
            return Within(path, self._closed_by("]"))
        operator = self._name().lower()
        if operator == "pr":
            return Present(path)
        if operator not in OPERATORS:
            raise refused("an operator is unknown.")
        return Comparison(path, operator, self._value())

    def _closed_by(self, mark: str) -> Filter:
        found = self.whole()
        if not self._takes(mark):
            raise refused(f"{mark} is missing.")
        return found

    def _name(self) -> str:
        if self._token is None or self._token["name"] is None:
            raise refused("the name of an attribute, or an operator, is missing.")
        name = self._token["name"]
        self._token = self._next()
        return name

    def _value(self) -> Value:
        token = self._token
        if token is None or token["mark"] is not None:
            raise refused("a value is missing.")
        self._token = self._next()
        if token["name"] is not None:
            if token["name"] not in _WORDS:
                raise refused("a value is no JSON.")
            return _WORDS[token["name"]]
        try:
            value: Value = orjson.loads(token["text"] or token["number"])
        except orjson.JSONDecodeError:
            raise refused("a value is no JSON.") from None
        return value

    def _takes(self, word: str) -> bool:
        token = self._token
        if token is None or (token["mark"] or token["name"] or "").lower() != word:
            return False
        self._token = self._next()
        return True

    def _next(self) -> re.Match[str] | None:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            if _END.fullmatch(self._text, self._at) is None:
                raise refused("it is not as RFC 7644 has filters.")
            return None
        self._at = found.end()
        return found
