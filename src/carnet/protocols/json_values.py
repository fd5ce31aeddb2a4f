"""JSON to values. Each shape is compiled once into a closure.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#shape-serialization
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NoReturn

from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnet.protocols import text_scalars
from carnet.protocols.timestamps import EPOCH, read_epoch
from carnet.protocols.unreadable import Unreadable

_Read = Callable[[Any], Any]

_TOKENS = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE", type(None): "NULL_VALUE"}


@cache
def json_members(shape: StructureShape) -> Callable[[Any], dict[str, Any]]:
    """The reader of a structure's body: every member that has no place in the HTTP head.

    A member that is null is absent; names that the structure lacks are passed over, as AWS does.
    """
    return _Compiler().members(shape)


class _Compiler:
    def __init__(self) -> None:
        self._structures: dict[str, _Read] = {}

    def members(self, shape: StructureShape) -> _Read:
        members: dict[str, tuple[str, _Read]] = {}

        def read(body: Any) -> dict[str, Any]:
            if type(body) is not dict:
                _refuse(body, "a structure")
            value = {}
            for wire_name, item in body.items():
                if wire_name in members and item is not None:
                    name, read_member = members[wire_name]
                    value[name] = read_member(item)
            return value

        # INVARIANT: known before its members are compiled, so that a shape which holds itself comes to an end.
        self._structures[shape.name] = read
        for name, member in shape.members.items():
            if "location" not in member.serialization:
                members[member.serialization.get("name", name)] = (name, self._value(member))
        return read

    def _value(self, shape: Shape) -> _Read:
        if isinstance(shape, StructureShape):
            return _document if shape.is_document_type else self._structures.get(shape.name) or self.members(shape)
        if isinstance(shape, ListShape):
            return self._list(shape)
        if isinstance(shape, MapShape):
            return self._map(shape)
        if shape.type_name == "timestamp":
            return _timestamp(shape)
        return _SCALARS[shape.type_name]

    def _list(self, shape: ListShape) -> _Read:
        item = self._value(shape.member)

        def read(body: Any) -> list[Any]:
            if type(body) is not list:
                _refuse(body, "a list")
            return [item(element) for element in body]

        return read

    def _map(self, shape: MapShape) -> _Read:
        key, value = self._value(shape.key), self._value(shape.value)

        def read(body: Any) -> dict[str, Any]:
            if type(body) is not dict:
                _refuse(body, "a map")
            return {key(name): value(item) for name, item in body.items()}

        return read


def _timestamp(shape: Shape) -> _Read:
    if shape.serialization.get("timestampFormat", EPOCH) == EPOCH:
        return _epoch
    read = text_scalars.reader(shape, EPOCH)
    return lambda body: read(_string(body))


def _epoch(body: Any) -> datetime:
    if type(body) not in (int, float):
        _refuse(body, "a Timestamp")
    try:
        return read_epoch(body)
    except ValueError:
        raise Unreadable("A timestamp is out of range") from None


def _string(body: Any) -> str:
    if type(body) is not str:
        _refuse(body, "a String")
    return str(body)


def _integer(kind: str) -> _Read:
    bits = text_scalars.BITS[kind]

    def read(body: Any) -> int:
        if type(body) is not int:
            _refuse(body, "an Integer")
        return text_scalars.in_range(body, bits)

    return read


def _boolean(body: Any) -> bool:
    if type(body) is not bool:
        _refuse(body, "a Boolean")
    return bool(body)


def _float(body: Any) -> float:
    if type(body) not in (int, float):
        _refuse(body, "a Double")
    return float(body)


def _blob(body: Any) -> bytes:
    return text_scalars.read_blob(_string(body))


def _document(body: Any) -> Any:
    return body


def _refuse(body: Any, wanted: str) -> NoReturn:
    if type(body) is dict:
        raise Unreadable("Start of structure or map found where not expected.")
    if type(body) is list:
        raise Unreadable("Start of list found where not expected")
    token = _TOKENS.get(type(body)) or ("TRUE_VALUE" if body else "FALSE_VALUE")
    raise Unreadable(f"{token} can not be converted to {wanted}")


_SCALARS: Mapping[str, _Read] = {
    "blob": _blob,
    "boolean": _boolean,
    "double": _float,
    "float": _float,
    "integer": _integer("integer"),
    "long": _integer("long"),
    "string": _string,
}
