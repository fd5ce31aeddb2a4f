"""Where in a file a member of its data stands.

The file was read for its data already. Only if something is to be told of it, its text is taken apart once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import yaml

from carnet.base import bounded_yaml

_ROOT = re.compile(r"case(?=[.\[]|$)|the file$")
_INDEX = re.compile(r"\[(\d+)\]")
_MERGE = "<<"


class Place(NamedTuple):
    """From 1. `inner` is a place in the text that stands there, if that is a document of its own."""

    line: int
    column: int
    inner: Place | None = None

    def __str__(self) -> str:
        return f"{self.line}:{self.column}"

    @property
    def where(self) -> str:
        """What is to be said of the inner place, in front of a sentence; empty without one."""
        return f"at {self.inner} of the text there: " if self.inner is not None else ""


class Places:
    """The places of one text, JSON or YAML."""

    def __init__(self, text: str) -> None:
        # In JSON, tabs stand between values only; YAML would take none there.
        self._text = text.replace("\t", " ") if text.lstrip().startswith(("{", "[")) else text

    def of(self, path: str, *, at_name: bool = False) -> Place | None:
        """The place of the member at `path`, or of the innermost member around one that is missing.

        That of its value, or of its name if `at_name`. None if the text cannot be taken apart.
        """
        return None if self._root is None else _find(self._root, _ROOT.sub("", path, count=1), at_name=at_name)

    def repeated_name(self) -> Place | None:
        """The place of a name that stands in an object for the second time; None if none does."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.MappingNode):
                seen: set[str] = set()
                for name, _ in node.value:
                    if name.value in seen:
                        return Place(name.start_mark.line + 1, name.start_mark.column + 1)
                    seen.add(name.value)
                waiting += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                waiting += node.value
        return None

    @cached_property
    def _root(self) -> yaml.Node | None:
        try:
            return bounded_yaml.compose(self._text)
        except yaml.YAMLError:
            return None


def _find(node: yaml.Node, path: str, *, at_name: bool) -> Place:
    mark = node.start_mark
    while path and (step := _step(node, path)) is not None:
        name, node, path = step
        mark = name.start_mark if at_name and not path and name is not None else node.start_mark
    inner = Places(node.value).of(path, at_name=at_name) if path and isinstance(node, yaml.ScalarNode) else None
    return Place(mark.line + 1, mark.column + 1, inner)


def _step(node: yaml.Node, path: str) -> tuple[yaml.Node | None, yaml.Node, str] | None:
    """(its name, the member, the rest of the path) of the member that the path begins with."""
    if isinstance(node, yaml.SequenceNode):
        index = _INDEX.match(path)
        if index is None or int(index[1]) >= len(node.value):
            return None
        return None, node.value[int(index[1])], path[index.end() :]
    if not isinstance(node, yaml.MappingNode):
        return None
    fitting = [(name, value) for name, value in _members(node) if _begins(path, name.value)]
    if not fitting:
        return None
    name, value = max(fitting, key=lambda member: len(member[0].value))
    return name, value, path[1 + len(name.value) :]


def _begins(path: str, name: str) -> bool:
    """Whether a path begins with a member of that name; names may hold dots and brackets."""
    rest = path[1 + len(name) :]
    return path.startswith(f".{name}") and rest[:1] in ("", ".", "[")


def _members(node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """The members of a mapping, its own before those that it merges."""
    merged: list[yaml.Node] = []
    for name, value in node.value:
        if isinstance(name, yaml.ScalarNode) and name.value == _MERGE and name.style is None:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif isinstance(name, yaml.ScalarNode):
            yield name, value
    for one in merged:
        if isinstance(one, yaml.MappingNode):
            yield from _members(one)
