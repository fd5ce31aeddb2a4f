"""The entities of one kind in one scope as few bytes: their rows, in MessagePack.

So a snapshot is kept on the disk, and so it is held in memory after a start until somebody asks for the entities.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from functools import cache
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec

from carnet.entities.scope import Scope
from carnet.store.entity_type import EntityType

Names: TypeAlias = "tuple[tuple[Any, str], ...]"
"""What is unique in the whole installation, each with the id of the entity whose name it is."""


class Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Some entities of one kind, at least one."""

    names: Names
    rows: msgspec.Raw
    """A list with one list for each: what stands in the columns, but for that of the scope."""

    def names_by_value(self) -> dict[Hashable, str]:
        """The names, as they were: MessagePack has one kind of lists."""
        return {tuple(name) if isinstance(name, list) else name: key for name, key in self.names}


def pack(type_: EntityType[Any], entities: Iterable[Any], names: Iterable[tuple[Any, str]]) -> Packed:
    """Entities of one scope, and those of their names that are unique in the installation."""
    values = itemgetter(*columns(type_))
    rows = [values(type_.row_of(entity)) for entity in entities]
    return Packed(tuple(names), msgspec.Raw(_ENCODER.encode(rows)))


def unpack(type_: EntityType[Any], scope: Scope, packed: Packed) -> list[Any]:
    """The entities, all of that scope."""
    rows: list[Any] = _decoder(type_).decode(packed.rows)
    if _is_left_out(type_):
        for row in rows:
            setattr(row, type_.scope_column or "", scope.id)
    return [type_.from_row(row) for row in rows]


@cache
def columns(type_: EntityType[Any]) -> tuple[str, ...]:
    """The columns that are packed, in their order; there are two at least."""
    left_out = type_.scope_column if _is_left_out(type_) else None
    return tuple(str(column.name) for column in type_.table.columns if column.name != left_out)


def _is_left_out(type_: EntityType[Any]) -> bool:
    """Whether the column of the scope is left out: all of a scope have the same."""
    return type_.scope_column is not None and not type_.is_root


_ENCODER = msgspec.msgpack.Encoder()


@cache
def _decoder(type_: EntityType[Any]) -> msgspec.msgpack.Decoder[Any]:
    """Reads rows with attributes, as `EntityType.from_row` takes them."""
    fields: list[Any] = [(name, Any) for name in columns(type_)]
    if _is_left_out(type_):
        fields.append((type_.scope_column, Any, ""))
    row = msgspec.defstruct(f"{type_.table.name}_row", fields, array_like=True, gc=False)
    return msgspec.msgpack.Decoder(list[row])  # type: ignore[valid-type]
