"""Files of cases, JSON or YAML, as plain data. A name that stands twice in one object is refused in both."""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import Any, NoReturn

import yaml

_JSON_SUFFIXES = (".json",)
_YAML_SUFFIXES = (".yaml", ".yml")


def read_case_file(content: bytes, name: str) -> object:
    """What a file holds; its name tells JSON from YAML, and without a known suffix the content does.

    Raises ValueError that says what is wrong where.
    """
    text = content.decode("utf-8-sig")
    suffix = PurePath(name).suffix.lower()
    try:
        if suffix in _YAML_SUFFIXES:
            return _from_yaml(text)
        return _from_json(text) if suffix in _JSON_SUFFIXES else _from_either(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _from_either(text: str) -> object:
    try:
        return _from_json(text)
    except json.JSONDecodeError:
        return _from_yaml(text)


def _from_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse)


def _without_duplicates(members: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(members)
    if len(whole) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice!r} stands twice in one object")
    return whole


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _from_yaml(text: str) -> object:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as problem:
        raise ValueError(" ".join(str(problem).split())) from problem


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml's is ten times as fast
    """Refuses a name that stands twice in a mapping, of which YAML's safe loaders keep the last."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._checked: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        # Flattening puts the members of a merge (`<<`) before the mapping's own, which may then repeat them.
        if id(node) not in self._checked:
            self._checked.add(id(node))
            _check_names(node)
        super().flatten_mapping(node)


def _check_names(node: yaml.MappingNode) -> None:
    seen: set[tuple[str, str]] = set()
    for name, _ in node.value:
        if not isinstance(name, yaml.ScalarNode):
            continue
        if (name.tag, name.value) in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{name.value!r} stands twice", name.start_mark)
        seen.add((name.tag, name.value))
