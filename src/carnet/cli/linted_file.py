"""A file of policies or cases: what it holds, and where in it is what.

A complaint begins as compilers begin theirs: the file, the line and the column, each from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from carnet.base.bounded_json import loads
from carnet.cli.case_file import NotData, read_case_file
from carnet.cli.places import Place, Places
from carnet.policy.lint import Finding

_STDIN = "-"


class BadInput(click.ClickException):
    """What was to be read cannot be read: no answer, rather than an unexpected one."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Warned:
    """What is probably wrong, and where in the file."""

    file: str
    place: Place | None
    finding: Finding

    def __str__(self) -> str:
        where = self.place.where if self.place is not None else ""
        return f"{_location(self.file, self.place)}: {where}{self.finding.sentence}"

    def as_dict(self) -> dict[str, Any]:
        """The warning in JSON values; a document that is text has places of its own, from its first line."""
        place = self.place or Place(0, 0)
        return {
            "file": self.file,
            "code": self.finding.code.value,
            "message": self.finding.message,
            "meant": self.finding.meant or None,
            "path": self.finding.path,
            "line": place.line,
            "column": place.column,
            "inText": {"line": place.inner.line, "column": place.inner.column} if place.inner is not None else None,
        }


@dataclass(frozen=True, slots=True)
class LintedFile:
    """A file whose data was read, and what is told of it."""

    shown: str
    """What the file is called in complaints."""
    data: object
    places: Places
    text: str
    within: Mapping[str, LintedFile] = field(default_factory=dict)
    """Path of a member to the file that it was read from instead."""

    @classmethod
    def read(cls, name: str) -> LintedFile:
        """Raises BadInput that begins with the file's name."""
        shown = "standard input" if name == _STDIN else name
        try:
            with click.open_file(name, "rb") as file:
                content = file.read()
            return cls._of(shown, content, name)
        except OSError as problem:
            raise BadInput(f"{name}: {problem.strerror}") from problem

    @classmethod
    def of_text(cls, shown: str, text: str) -> LintedFile:
        """A document that another file holds as text; raises BadInput that begins with `shown`."""
        return cls._of(shown, text.encode("utf-8", "surrogatepass"), "")

    @classmethod
    def _of(cls, shown: str, content: bytes, name: str) -> LintedFile:
        try:
            data = read_case_file(content, name)
        except NotData as problem:
            raise BadInput(f"{_location(shown, problem.place)}: {problem}") from problem
        text = content.decode("utf-8-sig")
        return cls(shown, data, Places(text), text)

    @property
    def document(self) -> object:
        """The policy document that the file holds: JSON as its text, whose statements have lines."""
        try:
            loads(self.text)
        except ValueError:
            return self.data
        return self.text

    def told(self, path: str, text: str, *, at_name: bool) -> str:
        """The line that complains of a member."""
        file, inner = self._home(path)
        place = file.places.of(inner, at_name=at_name)
        return f"{_location(file.shown, place)}: {place.where if place is not None else ''}{text}"

    def warned(self, finding: Finding) -> Warned:
        """What the linter found, with its place."""
        file, inner = self._home(finding.path)
        return Warned(file.shown, file.places.of(inner, at_name=finding.at_name), finding)

    def _home(self, path: str) -> tuple[LintedFile, str]:
        """The file where the member at `path` stands, and its path there."""
        for begin, file in self.within.items():
            if path.startswith(begin) and path[len(begin) :][:1] in ("", ".", "["):
                return file, f"case{path[len(begin) :]}"
        return self, path


def _location(shown: str, place: Place | None) -> str:
    return shown if place is None else f"{shown}:{place}"
