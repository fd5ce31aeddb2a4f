"""Files of cases, JSON or YAML, as plain data in which nothing that was written is lost.

Numbers keep their text. YAML is read as JSON with fewer signs: null (also `~` or nothing), true, false and JSON's
numbers are what they are in JSON, and everything else is text, so that `yes`, `10:20`, `012345678901` and `2026-01-01`
mean themselves. A name is always text. A name that stands twice in one object is refused in both languages.
"""

from __future__ import annotations

import json
import re
from pathlib import PurePath
from typing import Any, NoReturn

import yaml

from carnet.base import bounded_yaml
from carnet.base.bounded_json import NestedTooDeeply, loads
from carnet.cli.broken_json import what_breaks
from carnet.cli.places import Place, Places
from carnet.policy.json_text import JsonNumber

_JSON_SUFFIXES = (".json",)
_YAML_SUFFIXES = (".yaml", ".yml")
_JSON_BEGINS = re.compile(r'\s*(\[\s*)*\{\s*"')
_COMMENTS = ("//", "/*")
_TAG = "tag:yaml.org,2002:"


class NotData(ValueError):
    """The text of a file is neither JSON nor YAML; `place` is where, if that is known."""

    def __init__(self, problem: str, place: Place | None = None) -> None:
        super().__init__(problem)
        self.place = place


def read_case_file(content: bytes, name: str) -> object:
    """What a file holds; its name tells JSON from YAML, and without a known suffix the content does.

    Raises NotData.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise NotData(f"it is no UTF-8 text, as line {line} shows") from problem
    suffix = PurePath(name).suffix.lower()
    if suffix in _YAML_SUFFIXES:
        return _from_yaml(text)
    return _from_json(text) if suffix in _JSON_SUFFIXES else _from_either(text)


def _from_either(text: str) -> object:
    try:
        return _from_json(text)
    except _NoJson as problem:
        if _JSON_BEGINS.match(text) or text.lstrip().startswith(_COMMENTS):
            raise  # as YAML, a comma too many would pass, with which AWS reads no policy, and a comment would be a text
        try:
            return _from_yaml(text)
        except NotData:
            if text.lstrip().startswith(("{", "[")):
                raise problem from None
            raise


def _from_json(text: str) -> object:
    if not text.strip():
        raise NotData("the file is empty")
    try:
        return loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_int=JsonNumber,
            parse_float=JsonNumber,
            parse_constant=_refuse,
        )
    except json.JSONDecodeError as problem:
        raise _NoJson(*what_breaks(problem)) from problem
    except NestedTooDeeply as problem:
        raise _NoJson("nested too deeply") from problem
    except _Twice as problem:
        raise NotData(str(problem), Places(text).repeated_name()) from problem


class _NoJson(NotData):
    """What may yet be YAML."""


class _Twice(Exception):
    """A name that stands twice in one object of JSON."""


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(members)
    if len(whole) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"the member {twice!r} stands twice in one object")
    return whole


def _refuse(constant: str) -> NoReturn:
    raise NotData(f"{constant} is no JSON")


def _from_yaml(text: str) -> object:
    try:
        data: object = bounded_yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark is not None else None
        raise NotData(": ".join(filter(None, (problem.context, problem.problem))), place) from problem
    except yaml.YAMLError as problem:
        raise NotData(" ".join(str(problem).split())) from problem
    if data is None:
        raise NotData("the file is empty")
    return data


class _Loader(bounded_yaml.SafeLoader):  # type: ignore[misc]
    """Reads plain scalars as JSON, and refuses a name that stands twice in a mapping, of which others keep the last."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - yaml's own attribute

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._checked: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        # Flattening puts the members of a merge (`<<`) before the mapping's own, which may then repeat them.
        if id(node) not in self._checked:
            self._checked.add(id(node))
            _check_names(node)
        super().flatten_mapping(node)
        # Once each, the last of them: merges of merges would otherwise double the members at every level.
        members = {_name_of(name): (_as_text(name), value) for name, value in node.value}
        node.value = list(members.values())


_Loader.add_implicit_resolver(f"{_TAG}merge", re.compile(r"<<$"), ["<"])
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"(null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"(true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(
    f"{_TAG}int", re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$", re.ASCII), list("-0123456789")
)
_Loader.add_constructor(f"{_TAG}int", lambda _, node: JsonNumber(node.value))


def _name_of(name: yaml.Node) -> object:
    return name.value if isinstance(name, yaml.ScalarNode) else id(name)


def _as_text(name: yaml.Node) -> yaml.Node:
    """The node of a mapping's name as text, whatever it would be as a value."""
    if not isinstance(name, yaml.ScalarNode):
        return name
    return yaml.ScalarNode(f"{_TAG}str", name.value, name.start_mark, name.end_mark)


def _check_names(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for name, _ in node.value:
        if not isinstance(name, yaml.ScalarNode):
            continue
        if name.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{name.value!r} stands twice", name.start_mark)
        seen.add(name.value)
