"""Reads JSON text and keeps what a policy needs of it: where each object begins, and numbers as they are written.

Stricter than `json.loads`: a name may stand once in an object, nesting has a limit, and NaN, lone surrogates and byte
order marks are no JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

MAX_DEPTH = 32

_SPACE = re.compile(r"[ \t\n\r]*+", re.ASCII)
_STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.)*+)"', re.ASCII)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.ASCII | re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?", re.ASCII)
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}


class InvalidJson(ValueError):
    """The text is not one JSON value within the limits."""


class DuplicateName(ValueError):
    """An object holds the same name twice."""


class JsonNumber(Struct, frozen=True):
    """A number as written: no float could hold all of them."""

    text: str


class JsonObject(Struct, frozen=True):
    """An object; `offset` is the index of its opening brace in the text."""

    members: Mapping[str, Json]
    offset: int


Json = JsonObject | tuple["Json", ...] | str | JsonNumber | bool | None


def plain_json(value: Json) -> Any:
    """The value as `json.loads` gives it, but numbers as their text."""
    if isinstance(value, JsonObject):
        return {name: plain_json(member) for name, member in value.members.items()}
    if isinstance(value, tuple):
        return [plain_json(item) for item in value]
    return value.text if isinstance(value, JsonNumber) else value


def read_json(text: str) -> Json:
    """The value that `text` holds; raises InvalidJson or DuplicateName and nothing else."""
    reader = _Reader(text)
    value = reader.value(depth=0)
    if reader.position != len(text):
        raise InvalidJson("text after the value")
    return value


class _Reader:
    """One pass over a text; `position` always stands behind white space."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.position = 0
        self._skip_space()

    def value(self, depth: int) -> Json:
        head = self._text[self.position : self.position + 1]
        if head == '"':
            return self._string()
        if head in ("{", "["):
            if depth >= MAX_DEPTH:
                raise InvalidJson("nested too deeply")
            return self._object(depth + 1) if head == "{" else self._array(depth + 1)
        return self._scalar()

    def _object(self, depth: int) -> JsonObject:
        offset = self.position
        members: dict[str, Json] = {}
        self._take("{")
        while not self._ends(bool(members), "}"):
            name = self._string()
            if name in members:
                raise DuplicateName(name)
            self._take(":")
            members[name] = self.value(depth)
        return JsonObject(members, offset)

    def _array(self, depth: int) -> tuple[Json, ...]:
        items: list[Json] = []
        self._take("[")
        while not self._ends(bool(items), "]"):
            items.append(self.value(depth))
        return tuple(items)

    def _ends(self, begun: bool, closing: str) -> bool:
        """Step over the closing sign, or over the comma before the next part."""
        if self._text.startswith(closing, self.position):
            self._take(closing)
            return True
        if begun:
            self._take(",")
        return False

    def _string(self) -> str:
        match = _STRING.match(self._text, self.position)
        if match is None:
            raise InvalidJson("not a string")
        self._advance(match.end())
        body = match[1]
        return _unescape(body) if "\\" in body else _whole(body)

    def _scalar(self) -> JsonNumber | bool | None:
        match = _NUMBER.match(self._text, self.position)
        if match is not None:
            self._advance(match.end())
            return JsonNumber(match[0])
        for word, meaning in _WORDS.items():
            if self._text.startswith(word, self.position):
                self._advance(self.position + len(word))
                return meaning
        raise InvalidJson("not a value")

    def _take(self, sign: str) -> None:
        if not self._text.startswith(sign, self.position):
            raise InvalidJson(f"no {sign}")
        self._advance(self.position + len(sign))

    def _advance(self, position: int) -> None:
        self.position = position
        self._skip_space()

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self.position)
        self.position = match.end() if match is not None else self.position


def _unescape(body: str) -> str:
    return _whole(_ESCAPE.sub(_character, body))


def _character(escape: re.Match[str]) -> str:
    if escape[1] is not None:
        return chr(int(escape[1], 16))
    if escape[2] not in _ESCAPED:
        raise InvalidJson("unknown escape")
    return _ESCAPED[escape[2]]


def _whole(text: str) -> str:
    """The text with surrogate pairs joined; a surrogate alone is no character."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise InvalidJson("lone surrogate") from None
