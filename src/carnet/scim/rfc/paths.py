"""Names of attributes, as filters and changes write them: RFC 7644, section 3.10."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carnet.scim.schemas import COMMON, Attribute, ResourceType, Schema, found

NAME = r"(?:[Uu][Rr][Nn]:[A-Za-z0-9.:_-]{1,200}:)?[A-Za-z$][A-Za-z0-9$_-]*(?:\.[A-Za-z$][A-Za-z0-9$_-]*)?"
"""What a name may look like; whether there is such an attribute, `resolve` says."""
_PARTS = re.compile(
    r"(?:(?P<urn>[Uu][Rr][Nn]:[A-Za-z0-9.:_-]+):)?(?P<name>[A-Za-z$][\w$-]*)(?:\.(?P<sub>[A-Za-z$][\w$-]*))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Path:
    """An attribute, or a part of it."""

    attribute: Attribute
    sub: Attribute | None = None
    extension: str | None = None
    """The URI under which it stands; None for what stands in the resource itself."""

    @property
    def last(self) -> Attribute:
        return self.sub or self.attribute

    def container(self, resource: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object that contains the attribute."""
        return resource if self.extension is None else resource.get(self.extension) or {}

    def values(self, resource: Mapping[str, Any]) -> list[Any]:
        """All values in a resource."""
        value = self.container(resource).get(self.attribute.name)
        values = value if isinstance(value, list) else [] if value is None else [value]
        if self.sub is None:
            return values
        return [each[self.sub.name] for each in values if each.get(self.sub.name) is not None]


def resolve(text: str, of: ResourceType) -> Path | None:
    """The attribute of that name, in whatever case it is written; None if there is none."""
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    attribute, extension = _attribute(parts["urn"], parts["name"], of)
    if attribute is None or parts["sub"] is None:
        return None if attribute is None else Path(attribute, None, extension)
    sub = attribute.sub(parts["sub"])
    return None if sub is None else Path(attribute, sub, extension)


def extension_called(text: str, of: ResourceType) -> Schema | None:
    """The extension whose URI the text is."""
    extension = of.extension
    return extension if extension is not None and extension.id.lower() == text.lower() else None


def _attribute(urn: str | None, name: str, of: ResourceType) -> tuple[Attribute | None, str | None]:
    if urn is None:
        return found(COMMON, name) or of.schema.attribute(name), None
    if urn.lower() == of.schema.id.lower():
        return of.schema.attribute(name), None
    extension = extension_called(urn, of)
    return (None, None) if extension is None else (extension.attribute(name), extension.id)
