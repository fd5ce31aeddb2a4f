"""The entities of one kind in one scope, packed in MessagePack.

A snapshot is kept on the disk in this form, and held in memory in it after a start, until the entities are asked for.
They are not built from rows: msgspec makes times, tuples and mappings itself, in a twelfth of the time.

https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias, get_args, get_type_hints

import msgspec

from carnet.entities.scope import Scope
from carnet.store.entity_type import EntityType

Names: TypeAlias = "tuple[tuple[Any, str], ...]"
"""Installation-wide unique names, each with the id of its entity."""


class Packed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Some entities of one kind, at least one."""

    names: Names
    entities: msgspec.Raw
    """A list with one list for each entity: its attributes except the scope."""

    def names_by_value(self) -> dict[Hashable, str]:
        """The names, with their tuples: MessagePack has only one kind of list."""
        return {tuple(name) if isinstance(name, list) else name: key for name, key in self.names}


def pack(type_: EntityType[Any], entities: Iterable[Any], names: Iterable[tuple[Any, str]]) -> Packed:
    """Pack entities of one scope, with their installation-wide unique names."""
    attributes = _attributes(type_)
    values = attrgetter(*attributes)
    lists = [values(entity) for entity in entities]
    # For one name, `attrgetter` returns no tuple.
    return Packed(
        tuple(names), msgspec.Raw(_ENCODER.encode(lists if len(attributes) > 1 else [(one,) for one in lists]))
    )


def unpack(type_: EntityType[Any], scope: Scope, packed: Packed) -> list[Any]:
    """Unpack the entities of a scope."""
    read: list[Any] = _decoder(type_).decode(packed.entities)
    if _is_left_out(type_):
        for one in read:
            setattr(one, type_.scope_column or "", scope.id)
    entities: list[Any] = msgspec.convert(read, list[type_.entity], from_attributes=True)  # type: ignore[name-defined]
    return entities


@cache
def form(type_: EntityType[Any]) -> tuple[tuple[str, str], ...]:
    """The names and types of an entity's attributes, which tell releases apart whose entities differ."""
    return tuple(_members(type_.entity, set()))


def _members(class_: type[Any], seen: set[type[Any]]) -> Iterator[tuple[str, str]]:
    """The attributes of a dataclass, and of the dataclasses within it."""
    seen.add(class_)
    for name, hint in _hints(class_).items():
        yield f"{class_.__name__}.{name}", str(hint)
        for part in _parts(hint):
            if is_dataclass(part) and part not in seen:
                yield from _members(part, seen)


def _parts(hint: Any) -> Iterator[type[Any]]:
    """The classes that a type is written with."""
    if isinstance(hint, type):
        yield hint
    for argument in get_args(hint):
        yield from _parts(argument)


def _hints(class_: type[Any]) -> dict[str, Any]:
    """The attributes that make a dataclass, each with its type."""
    hints = get_type_hints(class_)
    return {each.name: hints[each.name] for each in fields(class_)}


@cache
def _attributes(type_: EntityType[Any]) -> tuple[str, ...]:
    """Those that are packed, in their order."""
    left_out = type_.scope_column if _is_left_out(type_) else None
    return tuple(name for name in _hints(type_.entity) if name != left_out)


def _is_left_out(type_: EntityType[Any]) -> bool:
    """Whether the attribute of the scope is left out: all of a scope have the same."""
    return type_.scope_column is not None and not type_.is_root


def _plain_dict(value: object) -> dict[Any, Any]:
    """A dict for a mapping that is not one, for msgspec."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"Entities consist of nothing that is a {type(value).__name__}.")


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_plain_dict)


@cache
def _decoder(type_: EntityType[Any]) -> msgspec.msgpack.Decoder[Any]:
    """Reads lists as values that have the attributes of entities."""
    hints = _hints(type_.entity)
    members: list[Any] = [(name, hints[name]) for name in _attributes(type_)]
    if _is_left_out(type_):
        members.append((type_.scope_column, str, ""))
    like = msgspec.defstruct(f"packed_{type_.entity.__name__}", members, array_like=True, gc=False)
    return msgspec.msgpack.Decoder(list[like])  # type: ignore[valid-type]
