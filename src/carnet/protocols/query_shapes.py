"""Form fields to values, as the query protocol sends them: `Tags.member.1.Key=k`.

The flat names are first folded into a tree, once, and each shape is compiled once into a closure that reads its branch;
looking up every name's prefix from the flat list would take quadratic time.

https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#request-serialization
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from carnet.protocols import text_scalars
from carnet.protocols.constraints import refuses_null
from carnet.protocols.members import wire_name
from carnet.protocols.timestamps import ISO8601
from carnet.protocols.unreadable import Unreadable

Branch = dict[str, Any]
"""The part of a name between two dots to the text that it names, or to a further branch."""

_Read = Callable[[Any], Any]

_MAX_DEPTH = 32
_NOT_A_STRUCTURE = "Expected a structure or map where a value was found"
_NOT_A_SCALAR = "Start of structure or map found where not expected"
_NOT_A_LIST = "Unexpected list element termination"
_GAP = "The elements of a list are not numbered from 1 without gaps"
_NO_NUMBER = "Start of list found where not expected"
_SPARSE = "Excessively sparse input would skip {} list elements"
_MOST_SKIPPED = 10
_NUMBER = re.compile("-?[0-9]+")
_MOST_DIGITS = 20


def _fold(fields: Mapping[str, str]) -> Branch:
    """The tree of flat names."""
    if "." not in "".join(fields):
        return dict(fields)
    tree: Branch = {}
    for name, value in fields.items():
        if "." not in name:
            _put(tree, name, value)
        else:
            parts = name.split(".", _MAX_DEPTH)
            _put(_descend(tree, parts), parts[-1], value)
    return tree


def _descend(branch: Branch, parts: list[str]) -> Branch:
    for part in parts[:-1]:
        branch = branch.setdefault(part, {})
        if type(branch) is not dict:
            raise Unreadable(_NOT_A_SCALAR)
    return branch


def _put(branch: Branch, name: str, value: str) -> None:
    if name in branch:
        raise Unreadable(_NOT_A_SCALAR)
    branch[name] = value


@cache
def query_structure(shape: StructureShape) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """The reader of a structure from flat fields. Names that the structure lacks are passed over, as AWS does."""
    read = _Compiler().members(shape)
    return lambda fields: read(_fold(fields))


@cache
def ec2_structure(shape: StructureShape) -> Callable[[Mapping[str, str]], dict[str, Any]]:
    """The same in the form of EC2: `Filter.1.Value.2=v`."""
    read = _Ec2Compiler().members(shape)
    return lambda fields: read(_fold(fields))


class _Compiler:
    def __init__(self) -> None:
        self._structures: dict[str, _Read] = {}

    def members(self, shape: StructureShape) -> _Read:
        members: dict[str, tuple[str, _Read]] = {}

        def read(branch: Any) -> dict[str, Any]:
            if type(branch) is not dict:
                raise Unreadable(_NOT_A_STRUCTURE)
            value = {}
            for sent, node in branch.items():
                if sent in members:
                    name, read_member = members[sent]
                    value[name] = read_member(node)
            return value

        # INVARIANT: known before its members are compiled, so that a shape which holds itself comes to an end.
        self._structures[shape.name] = read
        for name, member in shape.members.items():
            members[self._wire_name(member, name)] = (name, self._value(member))
        return read

    def _value(self, shape: Shape) -> _Read:
        if isinstance(shape, StructureShape):
            return self._structures.get(shape.name) or self.members(shape)
        if isinstance(shape, ListShape):
            return self._list(shape)
        if isinstance(shape, MapShape):
            return self._map(shape)
        return _string if shape.type_name == "string" else _scalar(shape)

    def _list(self, shape: ListShape) -> _Read:
        item = self._value(shape.member)
        between = self._item_infix(shape)
        filled = refuses_null(shape.member)

        def read(branch: Any) -> list[Any]:
            return [None if node is None else item(node) for node in _list_items(branch, between, filled=filled)]

        return read

    def _item_infix(self, shape: ListShape) -> str | None:
        """What stands between the name of a list and the numbers of its items."""
        return None if shape.serialization.get("flattened") else shape.member.serialization.get("name", "member")

    def _wire_name(self, shape: Shape, name: str) -> str:
        return wire_name(shape, name)

    def _map(self, shape: MapShape) -> _Read:
        key, value = self._value(shape.key), self._value(shape.value)
        key_name, value_name = (
            shape.key.serialization.get("name", "key"),
            shape.value.serialization.get("name", "value"),
        )
        between = None if shape.serialization.get("flattened") else "entry"

        def read(branch: Any) -> dict[str, Any]:
            pairs: dict[str, Any] = {}
            for entry in _list_items(branch, between):
                if type(entry) is not dict or entry.keys() != {key_name, value_name}:
                    raise Unreadable("A map entry is not a key and a value")
                name = key(entry[key_name])
                if name in pairs:
                    raise Unreadable("A key is given more than once in a map")
                pairs[name] = value(entry[value_name])
            return pairs

        return read


class _Ec2Compiler(_Compiler):
    """Names begin with a capital, and no list has anything between its name and its numbers.

    https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution
    """

    def _item_infix(self, shape: ListShape) -> None:
        return None

    def _wire_name(self, shape: Shape, name: str) -> str:
        own = shape.serialization.get("queryName")
        if own is not None:
            return str(own)
        named = str(shape.serialization.get("name", name))
        return named[:1].upper() + named[1:]


def _list_items(branch: Any, between: str | None, *, filled: bool = False) -> list[Any]:
    """What stands under 1, 2, 3 ...; an empty value (`Tags=`) is how an empty list is sent.

    If gaps are `filled`, None stands for the items that are not there.
    """
    if branch == "":
        return []
    if between is not None and type(branch) is dict and branch.keys() == {between}:
        branch = branch[between]
    elif between is not None:
        raise Unreadable(_NOT_A_LIST)
    if type(branch) is not dict:
        raise Unreadable(_NOT_A_LIST)
    try:
        return [branch[str(number)] for number in range(1, len(branch) + 1)]
    except KeyError:
        return _otherwise_numbered(branch, filled=filled)


def _otherwise_numbered(branch: Branch, *, filled: bool) -> list[Any]:
    """What stands under 01, 02, 003 ..., which AWS takes; raises Unreadable for what else is not 1, 2, 3 ..."""
    if any(not _NUMBER.fullmatch(name) for name in branch):
        raise Unreadable(_NO_NUMBER)
    # INVARIANT: only so many digits are read as a number, since reading takes quadratic time.
    names = sorted((int(name.lstrip("0")[:_MOST_DIGITS] or "0"), name) for name in branch)
    numbers = [number for number, _ in names]
    if numbers == list(range(1, len(numbers) + 1)):
        return [branch[name] for _, name in names]
    if (told := _numbering_problem(numbers)) is not None:
        raise Unreadable(told)
    if not filled or len(set(numbers)) < len(numbers):
        raise Unreadable(_GAP)
    items = {number: branch[name] for number, name in names}
    return [items.get(number) for number in range(1, numbers[-1] + 1)]


def _numbering_problem(numbers: list[int]) -> str | None:
    """What is said of the numbers of a list's items, in their order, as recorded from AWS; None if none is too far."""
    if numbers[0] < 0:
        return f"Key {numbers[0]} may not have a leading '-'"
    if numbers[0] == 0:
        return "0 is not a valid index"
    skipped = (after - before for before, after in pairwise((1, *numbers)))
    return next((_SPARSE.format(each) for each in skipped if each > _MOST_SKIPPED), None)


def _string(node: Any) -> str:
    if type(node) is not str:
        raise Unreadable(_NOT_A_SCALAR)
    return node


def _scalar(shape: Shape) -> _Read:
    read = text_scalars.reader(shape, ISO8601)
    return lambda node: read(_string(node))
