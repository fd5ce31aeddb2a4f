"""YAML that others have written, whose depth and whose repetitions are looked at before it is read.

Its parsers descend by recursion, in C to the end of the process's stack. And a few lines of aliases stand for more
data than any machine holds, as soon as somebody walks through it (https://en.wikipedia.org/wiki/Billion_laughs_attack).
"""

from __future__ import annotations

from typing import Any

import yaml

from carnet.base.bounded_json import MOST_LEVELS

MOST_REPEATED = 100_000
"""Values that aliases may stand for, all together: what is written once may be long."""

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast


class TooMuch(yaml.MarkedYAMLError):
    """The text has more levels, or stands for more values, than are read."""


def load(text: str | bytes, loader: Any = SafeLoader) -> Any:
    """The data of a text; `loader` is a safe one. Raises yaml.YAMLError."""
    _check(text)
    return yaml.load(text, loader)  # noqa: S506 - a SafeLoader


def compose(text: str) -> yaml.Node | None:
    """The nodes of a text, None of an empty one. Raises yaml.YAMLError."""
    _check(text)
    return yaml.compose(text, SafeLoader)


class _Open:
    """A mapping or list that has begun."""

    __slots__ = ("anchor", "levels", "values")

    def __init__(self, anchor: str | None) -> None:
        self.anchor = anchor
        self.levels = self.values = 1

    def take(self, levels: int, values: int) -> None:
        """Something stands in it."""
        self.levels = max(self.levels, 1 + levels)
        self.values += values


def _check(text: str | bytes) -> None:
    """Raises TooMuch, and yaml.YAMLError for what is no YAML. It goes through the text without recursion."""
    around = [_Open(None)]  # what is written, and in it whatever is open
    named: dict[str, tuple[int, int] | None] = {}
    """The levels and values of what has an anchor; None while it is open."""
    repeated = 0
    for event in yaml.parse(text, SafeLoader):
        levels, values = 0, 1
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(_Open(event.anchor))
            if event.anchor is not None:
                named[event.anchor] = None
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = around.pop()
            levels, values = ended.levels, ended.values
            if ended.anchor is not None:
                named[ended.anchor] = levels, values
            around[-1].take(levels, values)
        elif isinstance(event, yaml.AliasEvent):
            found = named.get(event.anchor or "", (0, 1))
            if found is None:
                raise _too_much(event, f"*{event.anchor} stands within itself")
            levels, values = found
            repeated += values
            around[-1].take(levels, values)
        elif isinstance(event, yaml.ScalarEvent):
            around[-1].take(0, 1)
        if len(around) - 1 + levels > MOST_LEVELS:
            raise _too_much(event, "nested too deeply")
        if repeated > MOST_REPEATED:
            raise _too_much(event, f"aliases stand for more than {MOST_REPEATED:,} values")


def _too_much(event: Any, problem: str) -> TooMuch:
    return TooMuch(problem=problem, problem_mark=event.start_mark)
