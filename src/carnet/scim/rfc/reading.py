"""Reads a provisioner's resource by its schemas: RFC 7643, section 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carnet.scim.dialects import as_reference, as_truth, without_display
from carnet.scim.refusals import Refusal
from carnet.scim.rfc.paths import extension_called
from carnet.scim.schemas import COMMON, Attribute, ResourceType, found


def read_resource(given: Mapping[str, Any], of: ResourceType) -> dict[str, Any]:
    """All that is said of a resource, its names written as its schemas have them.

    What is read only is left out, and so is what has no value. Raises Refusal.
    """
    schemas = given.get("schemas")
    if not isinstance(schemas, list) or of.schema.id not in schemas:
        raise invalid("schemas", f"it must name {of.schema.id}.")
    read: dict[str, Any] = {}
    for name, value in given.items():
        extension = extension_called(name, of)
        if extension is not None:
            if value:
                read[extension.id] = read_parts(value, extension.attributes, name)
        elif name != "schemas":
            _read_attribute(read, name, value, (*COMMON, *of.schema.attributes), name)
    return {name: value for name, value in read.items() if value not in ({}, [])}


def read_parts(value: Any, attributes: tuple[Attribute, ...], where: str) -> dict[str, Any]:
    """The parts of a complex attribute, or of an extension. Raises Refusal."""
    if not isinstance(value, dict):
        raise invalid(where, "it has parts.")
    read: dict[str, Any] = {}
    for name, part in value.items():
        if name != "schemas":  # which some say of an extension, too
            _read_attribute(read, name, part, attributes, f"{where}.{name}")
    return read


def read_value(value: Any, attribute: Attribute, where: str) -> Any:
    """The value of an attribute that has one: all elements if there are several. Raises Refusal."""
    if not attribute.many:
        return read_one(value, attribute, where)
    if not isinstance(value, list):
        raise invalid(where, "it has a list of values.")
    return [read_one(each, attribute, where) for each in value]


def read_one(value: Any, attribute: Attribute, where: str) -> Any:
    """One value, or one element. Raises Refusal."""
    if attribute.subs:
        return read_parts(_as_parts(value, attribute), attribute.subs, where)
    if attribute.type == "boolean":
        truth = as_truth(value)
        if not isinstance(truth, bool):
            raise invalid(where, "it is true or false.")
        return truth
    if not isinstance(value, str):
        raise invalid(where, "it is a text.")
    return value


def _as_parts(value: Any, attribute: Attribute) -> Any:
    """A complex value as the RFC writes it."""
    if attribute.many:
        return value if attribute.sub("display") is not None else without_display(value)
    return as_reference(value) if attribute.sub("value") is not None else value


def invalid(where: str, why: str) -> Refusal:
    return Refusal(400, f"{where[:200]} is not valid: {why}", "invalidValue")


def _read_attribute(read: dict[str, Any], name: str, value: Any, attributes: tuple[Attribute, ...], where: str) -> None:
    attribute = found(attributes, name)
    if attribute is None:
        raise Refusal(400, f"There is no attribute {where[:200]}.", "invalidSyntax")
    if not attribute.read_only and value not in (None, [], {}):
        read[attribute.name] = read_value(value, attribute, where)
