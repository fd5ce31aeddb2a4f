"""Which attributes are answered: RFC 7644, section 3.9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carnet.scim.refusals import Refusal
from carnet.scim.rfc.paths import Path, extension_called, resolve
from carnet.scim.schemas import ResourceType

_ALWAYS = ("schemas", "id")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Projection:
    """The requested attributes; both empty for all."""

    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def shows(self, name: str) -> bool:
        """Whether something of an attribute of the resource itself can be in the answer."""
        prefix = name.lower()
        if self.attributes:
            return any(each.lower().rpartition(":")[2].partition(".")[0] == prefix for each in self.attributes)
        return all(each.lower() != prefix for each in self.excluded)

    def of(self, resource: Mapping[str, Any], kind: ResourceType) -> dict[str, Any]:
        """The resource, as it is answered. Names that no attribute has ask for nothing."""
        if self.attributes:
            return _only(resource, self.attributes, kind)
        return _without_attributes(resource, self.excluded, kind)


def projection(attributes: Sequence[str], excluded: Sequence[str]) -> Projection:
    """Raises Refusal: one of them is given, or none."""
    if attributes and excluded:
        raise Refusal(400, "Give attributes or excludedAttributes, one of them.", "invalidValue")
    if len(attributes) + len(excluded) > _MOST:
        raise Refusal(400, f"{_MOST} attributes at most are named.", "invalidValue")
    return Projection(tuple(attributes), tuple(excluded))


def _only(resource: Mapping[str, Any], names: tuple[str, ...], kind: ResourceType) -> dict[str, Any]:
    kept: dict[str, Any] = {name: resource[name] for name in _ALWAYS}
    for name in names:
        extension = extension_called(name, kind)
        if extension is not None and extension.id in resource:
            kept[extension.id] = resource[extension.id]
        path = resolve(name, kind)
        if path is None or path.attribute.name not in path.container(resource):
            continue
        there = kept if path.extension is None else kept.setdefault(path.extension, {})
        there[path.attribute.name] = _part(path, path.container(resource), there.get(path.attribute.name))
    return kept


def _part(path: Path, container: Mapping[str, Any], before: Any) -> Any:
    """The attribute, or the part of it that is asked for beside the parts in `before`."""
    value = container[path.attribute.name]
    if path.sub is None:
        return value
    sub = path.sub.name
    if isinstance(value, list):
        parts = before or [{} for _ in value]
        return [{**part, **_member(each, sub)} for part, each in zip(parts, value, strict=True)]
    return {**(before or {}), **_member(value, sub)}


def _member(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {name: value[name]} if name in value else {}


def _without_attributes(resource: Mapping[str, Any], names: tuple[str, ...], kind: ResourceType) -> dict[str, Any]:
    kept = dict(resource)
    for name in names:
        extension = extension_called(name, kind)
        if extension is not None:
            kept.pop(extension.id, None)
        path = resolve(name, kind)
        if path is None or path.attribute.name in _ALWAYS:
            continue
        if path.extension is None:
            _drop(kept, path)
        elif path.extension in kept:
            kept[path.extension] = dict(kept[path.extension])
            _drop(kept[path.extension], path)
    return kept


def _drop(there: dict[str, Any], path: Path) -> None:
    name = path.attribute.name
    if path.sub is None or name not in there:
        there.pop(name, None)
        return
    value, sub = there[name], path.sub.name
    if isinstance(value, list):
        there[name] = [{key: part for key, part in each.items() if key != sub} for each in value]
    else:
        there[name] = {key: part for key, part in value.items() if key != sub}
