"""Where in a document's text a statement stands, as AWS's policy simulator tells it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_Statement.html

Recorded from AWS: a statement ends behind its closing brace. It begins where the reader of the text stood before it:
behind the bracket that opens the list, or behind the statement before; one that stands alone, behind its own brace.
Lines and columns count from 1.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from carnet.policy.statement import Statement

_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = " \t\r\n,"


class Position(NamedTuple):
    """A place between two characters: in front of the character at that line and column."""

    line: int
    column: int


class Positions:
    """The places of the statements of one text, which is that of a policy."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0]
        """Where each line begins."""
        while (found := text.find("\n", self._lines[-1])) >= 0:
            self._lines.append(found + 1)

    def of(self, statement: Statement) -> tuple[Position, Position] | None:
        """Where it begins and ends; None for one that has no place: its document cannot be read."""
        ref = statement.ref
        if not ref.line:
            return None
        offset = self._lines[ref.line - 1] + ref.column - 1
        try:
            _, end = _DECODER.raw_decode(self._text, offset)
        except (ValueError, RecursionError):
            return None
        return self._position(ref.line, self._behind_what_stands_before(offset)), self._position(ref.line, end)

    def _behind_what_stands_before(self, offset: int) -> int:
        before = offset
        while before and self._text[before - 1] in _BETWEEN:
            before -= 1
        return before if self._text[before - 1 : before] in ("[", "}") else offset + 1

    def _position(self, near: int, offset: int) -> Position:
        """The position of an offset in or around the line `near`."""
        line = near
        while line > 1 and self._lines[line - 1] > offset:
            line -= 1
        while line < len(self._lines) and self._lines[line] <= offset:
            line += 1
        return Position(line, offset - self._lines[line - 1] + 1)
