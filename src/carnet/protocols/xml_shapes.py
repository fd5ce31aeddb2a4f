"""Values to XML, as the query protocol answers. Each shape is compiled once into a closure that gives its text.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#response-serialization
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnet.base.fragment import Fragment
from carnet.protocols import text_scalars
from carnet.protocols.members import Members, wire_name
from carnet.protocols.timestamps import ISO8601, WITH_MILLISECONDS, write_milliseconds

XmlMembers = Callable[[Mapping[str, Any]], str]
"""Gives the elements of a structure's members. It raises LookupError for a name that the structure lacks."""

_Element = Callable[[Any], str]

# Beside the marks of XML: a carriage return, which a parser would turn into a newline, and what XML 1.0 cannot carry.
_UNSAFE = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
_REPLACEMENT = "\ufffd"


def escape(text: str) -> str:
    """Text for an element. A character that XML 1.0 cannot carry becomes U+FFFD. TypeError for what is not text."""
    return _UNSAFE.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0], _REPLACEMENT)


_SCHEMA_INSTANCE = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@cache
def xml_members(shape: StructureShape) -> XmlMembers:
    """The writer of a structure's content, without an element around it."""
    return _Compiler().members(shape)


class _Compiler:
    def __init__(self) -> None:
        self._structures: dict[str, XmlMembers] = {}

    def members(self, shape: StructureShape) -> XmlMembers:
        elements: Members[_Element] = Members(shape.name)

        def write(value: Mapping[str, Any]) -> str:
            if type(value) is not Fragment:
                return "".join([elements[name](member) for name, member in value.items() if member is not None])
            text: str | None = value.written.get(write)
            if text is None:
                text = value.written[write] = write(dict(value.items()))
            return text

        # INVARIANT: known before its members are compiled, so that a shape which holds itself comes to an end.
        self._structures[shape.name] = write
        for name, member in shape.members.items():
            elements[name] = self._member(shape, name, member)
        return write

    def _member(self, shape: StructureShape, name: str, member: Shape) -> _Element:
        if member.serialization.get("xmlAttribute"):
            return _write_nothing
        tag = wire_name(member, name)
        return _milliseconds(tag) if (shape.name, name) in WITH_MILLISECONDS else self._element(member, tag)

    def _element(self, shape: Shape, tag: str) -> _Element:
        if isinstance(shape, StructureShape):
            content = self._structures.get(shape.name) or self.members(shape)
            if attributes := _attributes(shape):
                return lambda value: f"<{tag}{_written_attributes(attributes, value)}>{content(value)}</{tag}>"
            return lambda value: f"<{tag}>{content(value)}</{tag}>"
        if isinstance(shape, ListShape):
            return self._list(shape, tag)
        if isinstance(shape, MapShape):
            return self._map(shape, tag)
        own = _OWN.get(shape.type_name)
        return own(tag) if own is not None else _scalar(shape, tag)

    def _list(self, shape: ListShape, tag: str) -> _Element:
        if shape.serialization.get("flattened"):
            item = self._element(shape.member, tag)
            return lambda values: "".join(map(item, values))
        item = self._element(shape.member, shape.member.serialization.get("name", "member"))
        return lambda values: f"<{tag}>{''.join(map(item, values))}</{tag}>"

    def _map(self, shape: MapShape, tag: str) -> _Element:
        key = self._element(shape.key, shape.key.serialization.get("name", "key"))
        value = self._element(shape.value, shape.value.serialization.get("name", "value"))
        flattened = shape.serialization.get("flattened")
        entry = tag if flattened else "entry"

        def write(pairs: Mapping[str, Any]) -> str:
            entries = "".join([f"<{entry}>{key(name)}{value(item)}</{entry}>" for name, item in pairs.items()])
            return entries if flattened else f"<{tag}>{entries}</{tag}>"

        return write


def _attributes(shape: StructureShape) -> Mapping[str, str]:
    """The members that are attributes of the element, to their names there."""
    found = {name: member.serialization for name, member in shape.members.items()}
    return {name: str(traits["name"]) for name, traits in found.items() if traits.get("xmlAttribute")}


def _written_attributes(attributes: Mapping[str, str], value: Mapping[str, Any]) -> str:
    """They are in the namespace of XML Schema's instances: no other is used."""
    written = [f' {tag}="{escape(value[name])}"' for name, tag in attributes.items() if value.get(name) is not None]
    return "".join([_SCHEMA_INSTANCE, *written])


def _write_nothing(value: Any) -> str:
    return ""


def _string(tag: str) -> _Element:
    unsafe = _UNSAFE.search

    def write(value: str) -> str:
        # `search` also refuses, by TypeError, a value that is no text.
        return f"<{tag}>{escape(value)}</{tag}>" if unsafe(value) else f"<{tag}>{value}</{tag}>"

    return write


def _integer(tag: str) -> _Element:
    def write(value: int) -> str:
        if type(value) is not int:
            raise TypeError(f"an integer is wanted, not {value!r}")
        return f"<{tag}>{value}</{tag}>"

    return write


def _milliseconds(tag: str) -> _Element:
    return lambda moment: f"<{tag}>{write_milliseconds(moment)}</{tag}>"


_OWN = {"string": _string, "integer": _integer, "long": _integer}
"""What most elements hold, by the type of its shape."""


def _scalar(shape: Shape, tag: str) -> _Element:
    text = text_scalars.writer(shape, ISO8601)
    return lambda value: f"<{tag}>{text(value)}</{tag}>"
