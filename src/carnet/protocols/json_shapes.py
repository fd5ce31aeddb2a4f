"""Values to JSON. Each shape is compiled once into a closure that gives what `orjson` writes.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#shape-serialization
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnet.base.fragment import Fragment
from carnet.protocols.members import Members
from carnet.protocols.text_scalars import integer, write_blob
from carnet.protocols.timestamps import EPOCH, WITH_MILLISECONDS, WRITERS, write_epoch_second

JsonStructure = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Gives a structure's members under their wire names. It raises LookupError for a name that the structure lacks."""

_Value = Callable[[Any], Any]


@cache
def json_structure(shape: StructureShape) -> JsonStructure:
    """The writer of a structure's body: every member that has no place in the HTTP head."""
    return _Compiler().members(shape)


@cache
def query_json_structure(shape: StructureShape) -> JsonStructure:
    """The same for an answer of the query protocol, whose moments have whole seconds, but for few."""
    return _QueryCompiler().members(shape)


class _Compiler:
    def __init__(self) -> None:
        self._structures: dict[str, JsonStructure] = {}

    def members(self, shape: StructureShape) -> JsonStructure:
        members: Members[tuple[str, _Value]] = Members(shape.name)

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            body = {}
            for name, member in value.items():
                if member is not None:
                    wire_name, convert = members[name]
                    body[wire_name] = convert(member)
            return body

        # INVARIANT: known before its members are compiled, so that a shape which holds itself comes to an end.
        self._structures[shape.name] = write
        for name, member in shape.members.items():
            if "location" not in member.serialization:
                members[name] = (member.serialization.get("name", name), self._member(shape, name, member))
        return write

    def _member(self, shape: StructureShape, name: str, member: Shape) -> _Value:
        return self._value(member)

    def _value(self, shape: Shape) -> _Value:
        if isinstance(shape, StructureShape):
            if shape.is_document_type:
                return _document
            return _structure(self._structures.get(shape.name) or self.members(shape))
        if isinstance(shape, ListShape):
            item = self._value(shape.member)
            return lambda values: [item(value) for value in values]
        if isinstance(shape, MapShape):
            key, value = self._value(shape.key), self._value(shape.value)
            return lambda pairs: {key(name): value(item) for name, item in pairs.items()}
        if shape.type_name == "timestamp":
            return WRITERS[shape.serialization.get("timestampFormat", EPOCH)]
        return _SCALARS[shape.type_name]


class _QueryCompiler(_Compiler):
    def _member(self, shape: StructureShape, name: str, member: Shape) -> _Value:
        in_seconds = member.type_name == "timestamp" and (shape.name, name) not in WITH_MILLISECONDS
        return write_epoch_second if in_seconds else super()._member(shape, name, member)


def _structure(members: JsonStructure) -> _Value:
    def write(value: Mapping[str, Any]) -> Any:
        if type(value) is not Fragment:
            return members(value)
        written: orjson.Fragment | None = value.written.get(write)
        if written is None:
            written = value.written[write] = orjson.Fragment(orjson.dumps(members(value)))
        return written

    return write


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a string is wanted, not {value!r}")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"a boolean is wanted, not {value!r}")
    return value


def _float(value: Any) -> float:
    if not isinstance(value, float):
        raise TypeError(f"a float is wanted, not {value!r}")
    return value


def _document(value: Any) -> Any:
    return value


_SCALARS: Mapping[str, _Value] = {
    "blob": write_blob,
    "boolean": _boolean,
    "double": _float,
    "float": _float,
    "integer": integer,
    "long": integer,
    "string": _string,
}
