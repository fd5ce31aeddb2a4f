"""Reads the JSON objects of a case member by member; every complaint names the member by its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeVar

from carnet.base.arns import ACCOUNT_ID
from carnet.policy.json_text import JsonNumber
from carnet.policy.lint.near import nearest

Word = TypeVar("Word", bound=StrEnum)


class Misread(ValueError):
    """What a case says wrongly: its faults, each with the path of its member, `case[0].request.action`."""

    def __init__(self, *faults: CaseFault) -> None:
        super().__init__("; ".join(fault.text for fault in faults))
        self.faults = faults

    @classmethod
    def at(cls, path: str, problem: str) -> Misread:
        """One fault; the text is made of path and problem."""
        return cls(CaseFault(path, f"{path} {problem}"))


class CaseFault(NamedTuple):
    """One fault of a case."""

    path: str
    text: str
    """The whole sentence, with the path."""
    at_name: bool = False
    """Whether the member's name is wrong, or else its value."""


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """The end of a sentence that complains of a word; empty if no known word is like it."""
    meant = nearest(str(word), known)
    return f"; did you mean {meant!r}?" if meant else ""


def as_list(value: object, path: str) -> Sequence[object]:
    """A JSON array; raises ValueError for anything else."""
    if not isinstance(value, list | tuple):
        raise Misread.at(path, "must be a list")
    return value


def as_word(value: object, path: str, words: type[Word]) -> Word:
    """One of an enumeration's values; raises ValueError that lists them."""
    for word in words:
        if word == value:
            return word
    raise Misread.at(path, f"must be one of: {', '.join(words)}{did_you_mean(value, words)}")


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one JSON object; raises ValueError for a missing, unknown or ill-typed one."""

    path: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, value: object, path: str, *, known: Sequence[str]) -> Members:
        """The object at `path`, which may have no members but `known`."""
        if not isinstance(value, dict | Mapping):
            raise Misread.at(path, "must be an object")
        for name in value:
            if name not in known:
                known_members = f"it may have: {', '.join(known)}{did_you_mean(name, known)}"
                text = f"{path} has the unknown member {name!r}; {known_members}"
                raise Misread(CaseFault(f"{path}.{name}", text, at_name=True))
        return cls(path, value)

    def at(self, name: str) -> str:
        """The path of a member."""
        return f"{self.path}.{name}"

    def get(self, name: str) -> object:
        """A member as it is; None if it is absent or null."""
        return self.values.get(name)

    def required(self, name: str) -> object:
        """A member that must be there. Raises Misread."""
        if name not in self.values:
            raise Misread.at(self.at(name), "is missing")
        return self.values[name]

    def text(self, name: str, default: str | None = None) -> str:
        """A text member, or a number as written; one without a default must be there and not be empty.

        Raises Misread.
        """
        value = self.values.get(name, default)
        if type(value) is str and (value or default is not None):
            return value
        if default is None:
            value = self.required(name)
        if isinstance(value, JsonNumber):
            value = value.text
        if not isinstance(value, str):
            raise Misread.at(self.at(name), "must be text")
        if default is None and not value:
            raise Misread.at(self.at(name), "must not be empty")
        return value

    def account(self, name: str, default: str) -> str:
        """A text member that is an account id; the default if it is absent or empty. Raises Misread."""
        value = self.text(name, default)
        if value not in (default, "") and not ACCOUNT_ID.fullmatch(value):
            raise Misread.at(self.at(name), f"must be the 12 digits of an account id; it is {value!r}")
        return value

    def flag(self, name: str) -> bool:
        """A true or false member; absent is false. Raises Misread."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise Misread.at(self.at(name), "must be true or false")
        return value

    def word(self, name: str, words: type[Word]) -> Word | None:
        """A member that holds one of an enumeration's values; None if it is absent."""
        return as_word(self.values[name], self.at(name), words) if name in self.values else None
