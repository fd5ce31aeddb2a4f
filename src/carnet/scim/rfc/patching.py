"""Changes by PATCH: operations on a representation, one after the other. RFC 7644, section 3.5.2.

INVARIANT: whoever saves the outcome reads all of it again, as if it had come as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet.scim.patching import Operation, read_operations
from carnet.scim.refusals import Refusal
from carnet.scim.rfc.filters import And, Comparison, Filter, FilterReader
from carnet.scim.rfc.matching import element_matcher
from carnet.scim.rfc.paths import NAME, Path, extension_called, resolve
from carnet.scim.rfc.reading import invalid, read_one, read_parts, read_value
from carnet.scim.schemas import Attribute, ResourceType

_NAME = re.compile(NAME, re.ASCII)
_PART = re.compile(r"\.([A-Za-z$][\w$-]*)", re.ASCII)
_MOST_LOOKED_AT = 1_000_000
"""How many elements the operations of one request look at; MOST_OPERATIONS of them change a group of 10,000 people."""
_BY_FILTER = 5
"""As how many an element counts that any other filter than `value eq` is held against."""


@dataclass(frozen=True, slots=True)
class _Target:
    """The target of an operation: an attribute, the elements of it that a filter selects, or a part of these."""

    path: Path
    filter: Filter | None = None
    part: Attribute | None = None

    @property
    def sub(self) -> Attribute | None:
        return self.part or self.path.sub


def patched(resource: Mapping[str, Any], body: Mapping[str, Any], of: ResourceType) -> dict[str, Any]:
    """A representation after the operations of a request. Raises Refusal."""
    change = _Change({name: value for name, value in resource.items() if name != "meta"}, of)
    for operation in read_operations(body):
        change.apply(operation)
    return change.resource


def _no_target() -> Refusal:
    return Refusal(400, "The path names nothing that is there.", "noTarget")


def _no_path() -> Refusal:
    return Refusal(400, "The path is not valid.", "invalidPath")


class _Change:
    """A representation that is being changed."""

    def __init__(self, resource: dict[str, Any], of: ResourceType) -> None:
        self.resource = resource
        self._of = of
        self._looked_at = 0

    def apply(self, operation: Operation) -> None:
        path, value = operation.path, operation.value
        if path is None:
            self._apply_members(operation.op, value)
            return
        extension = extension_called(path, self._of)
        if extension is None and path.lower() == self._of.schema.id.lower():
            self._apply_members(operation.op, value)
        elif extension is None:
            self._apply_to(self._target(path), operation.op, value)
        elif operation.op == "remove":
            self.resource.pop(extension.id, None)
        else:
            there = dict(self.resource.get(extension.id) or {})
            self.resource[extension.id] = there | read_parts(value, extension.attributes, path)

    def _apply_members(self, op: str, value: Any) -> None:
        """What a value without a path says of each attribute that it names; what is read only is passed over."""
        if not isinstance(value, dict):
            raise invalid("value", "it has parts.")
        for name, part in value.items():
            if name == "schemas":
                continue
            path = resolve(name, self._of)
            if path is None or not path.attribute.read_only:
                self.apply(Operation("remove" if part is None else op, name, part))

    def _target(self, text: str) -> _Target:
        named = _NAME.match(text)
        path = resolve(named[0], self._of) if named is not None else None
        if named is None or path is None:
            raise _no_path()
        found, at = None, named.end()
        if text[at : at + 1] == "[":
            if path.sub is not None or not path.attribute.many:
                raise _no_path()
            found, at = FilterReader(text, at).bracketed()
        if at == len(text):
            return _Target(path, found)
        part = _PART.fullmatch(text, at)
        sub = path.attribute.sub(part[1]) if part is not None and found is not None else None
        if sub is None:
            raise _no_path()
        return _Target(path, found, sub)

    def _apply_to(self, target: _Target, op: str, value: Any) -> None:
        if op == "replace" and value is None and not target.path.attribute.many:
            op = "remove"  # RFC 7643, section 2.5: null is no value
        _check_mutable(target, op)
        name, where = target.path.attribute.name, self._container(target.path)
        before = where.get(name)
        after: Any
        if target.path.attribute.many:
            after = self._elements(target, op, value, list(before or ()))
        elif target.sub is not None:
            after = _with_part(before or {}, target.sub, op, value)
        elif op == "remove":
            after = None
        else:
            after = _merge(before, read_value(value, target.path.attribute, name))
        if after in (None, [], {}):
            where.pop(name, None)
        else:
            where[name] = after

    def _container(self, path: Path) -> dict[str, Any]:
        if path.extension is None:
            return self.resource
        there = dict(self.resource.get(path.extension) or {})
        self.resource[path.extension] = there
        return there

    def _elements(self, target: _Target, op: str, value: Any, before: list[Any]) -> list[Any]:
        """The elements of an attribute after an operation."""
        attribute, sub = target.path.attribute, target.sub
        if target.filter is None and sub is None:
            self._look_at(len(before))
            return _all_elements(attribute, op, value, before)
        chosen = self._chosen_elements(target, before)
        if not any(chosen):
            if op == "replace" and target.filter is not None:
                raise _no_target()
            return before if op == "remove" else [*before, _new_element(target, value)]
        after: list[Any] = []
        for element, is_meant in zip(before, chosen, strict=True):
            changed = _change_element(element, attribute, sub, op, value) if is_meant else element
            after += [changed] if changed else []
        return _one_primary(before, after)

    def _chosen_elements(self, target: _Target, before: list[Any]) -> list[bool]:
        if target.filter is None:
            return [True] * len(before)
        wanted = _named_value(target)
        if wanted is not None:
            self._look_at(len(before))
            return [each.get("value") == wanted for each in before]
        self._look_at(_BY_FILTER * len(before))
        return list(map(element_matcher(target.filter, target.path.attribute), before))

    def _look_at(self, elements: int) -> None:
        """Raise Refusal if the request looks at too much: a hundred operations may each go through a large group."""
        self._looked_at += elements
        if self._looked_at > _MOST_LOOKED_AT:
            raise Refusal(413, "The operations of the request look at too many values. Send fewer of them at a time.")


def _named_value(target: _Target) -> str | None:
    """The value that the elements have which are meant, if that is what the filter says, in these capitals."""
    wanted, value = target.filter, target.path.attribute.sub("value")
    if not isinstance(wanted, Comparison) or wanted.operator != "eq" or not isinstance(wanted.value, str):
        return None
    exact = value is not None and value.case_exact and target.path.attribute.sub(wanted.path) is value
    return wanted.value if exact else None


def _check_mutable(target: _Target, op: str) -> None:
    """Raise Refusal for what no provisioner changes, and for taking away what everybody must have."""
    attribute, sub = target.path.attribute, target.sub
    fixed = attribute.read_only or (sub is not None and sub.mutability in ("readOnly", "immutable"))
    lost = op == "remove" and target.filter is None and (attribute.required if sub is None else sub.required)
    if fixed or lost:
        raise Refusal(400, f"{attribute.name} cannot be changed so.", "mutability")


def _merge(before: Any, value: Any) -> Any:
    """A complex value keeps the parts that the new one does not name."""
    return {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value


def _with_part(whole: Mapping[str, Any], sub: Attribute, op: str, value: Any) -> dict[str, Any]:
    if op == "remove" or value is None:
        return {name: each for name, each in whole.items() if name != sub.name}
    return {**whole, sub.name: read_one(value, sub, sub.name)}


def _change_element(element: Any, attribute: Attribute, sub: Attribute | None, op: str, value: Any) -> Any:
    """An element after an operation; None if it is removed."""
    if sub is not None:
        return _with_part(element, sub, op, value)
    return None if op == "remove" else {**element, **read_one(value, attribute, attribute.name)}


def _all_elements(attribute: Attribute, op: str, value: Any, before: list[Any]) -> list[Any]:
    if op == "remove" and value is None:
        return []
    given: list[Any] = read_value(value if isinstance(value, list) else [value], attribute, attribute.name)
    if op == "remove":  # as some provisioners say which: the RFC has a filter for it
        gone = {each.get("value") for each in given}
        return [each for each in before if each.get("value") not in gone]
    if op == "replace":
        return given
    values = {each.get("value") for each in given}
    there = {_key(each) for each in before if each.get("value") in values}
    return _one_primary(before, [*before, *(each for each in given if _key(each) not in there)])


def _key(element: Mapping[str, Any]) -> frozenset[tuple[str, Any]]:
    """The key by which elements are equal."""
    return frozenset(element.items())


def _one_primary(before: list[Any], after: list[Any]) -> list[Any]:
    """INVARIANT: one element at most is the primary one: the newest of them."""
    primary = [each for each in after if each.get("primary")]
    if not primary:
        return after
    there = set(map(_key, before))
    newest = [each for each in primary if _key(each) not in there]
    if not newest:
        return after
    return [{**each, "primary": False} if each.get("primary") and each is not newest[-1] else each for each in after]


def _new_element(target: _Target, value: Any) -> dict[str, Any]:
    """The element that the filter of an `add` describes, with the value: providers count on it."""
    attribute, sub = target.path.attribute, target.sub
    described = _described_element(target.filter, attribute) if target.filter is not None else {}
    return _change_element(described, attribute, sub, "add", value) or {}


def _described_element(wanted: Filter, attribute: Attribute) -> dict[str, Any]:
    parts = wanted.parts if isinstance(wanted, And) else (wanted,)
    described: dict[str, Any] = {}
    for part in parts:
        sub = attribute.sub(part.path) if isinstance(part, Comparison) and part.operator == "eq" else None
        if sub is None or not isinstance(part, Comparison):
            raise _no_target()
        described[sub.name] = read_one(part.value, sub, sub.name)
    return described
