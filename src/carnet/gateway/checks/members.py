"""Reads members of an input. A member with another form than the model's is refused, never skipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from carnet.base.timestamps import iso_seconds
from carnet.gateway.checks.check import Members, invalid
from carnet.policy.request import Value

_LIST = "[]"


def text(members: Members, name: str) -> str | None:
    """A member's text; None if it is missing. Raises Refused."""
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise invalid(f"{name} is not text.")
    return value


def needed(members: Members, name: str) -> str:
    """A member's text, which must not be missing or empty. Raises Refused."""
    value = text(members, name)
    if not value:
        raise invalid(f"{name} is missing.")
    return value


def structure(members: Members, name: str) -> Members:
    """A structure or a map; empty if it is missing."""
    value = members.get(name)
    if value is None:
        return {}
    return _mapping(value, name)


def items(members: Members, name: str) -> Sequence[Any]:
    """A list; empty if it is missing. Raises Refused."""
    value = members.get(name)
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise invalid(f"{name} is not a list.")
    return value


def structures(members: Members, name: str) -> Sequence[Members]:
    """A list of structures; empty if it is missing."""
    return [_mapping(item, name) for item in items(members, name)]


def texts(members: Members, name: str) -> tuple[str, ...]:
    """A list of texts; empty if it is missing. Raises Refused."""
    found = tuple(items(members, name))
    if not all(isinstance(item, str) for item in found):
        raise invalid(f"{name} is not a list of texts.")
    return found


def at(members: Members, path: str) -> Iterator[str | None]:
    """The values at a path of `catalog.operations`; None for each item of a list that has none."""
    name, _, rest = path.partition(".")
    if name.endswith(_LIST):
        name = name.removesuffix(_LIST)
        if not rest:
            yield from texts(members, name)
            return
        for item in structures(members, name):
            if "." in rest or rest.endswith(_LIST):
                yield from at(item, rest)
            else:
                yield text(item, rest)
    elif rest:
        yield from at(structure(members, name), rest)
    elif (value := text(members, name)) is not None:
        yield value


def is_there(members: Members, path: str) -> bool:
    """Whether there is a value at a path."""
    name, _, rest = path.partition(".")
    if rest and not name.endswith(_LIST):
        return is_there(structure(members, name), rest)
    if rest:
        return any(is_there(item, rest) for item in structures(members, name.removesuffix(_LIST)))
    return members.get(name.removesuffix(_LIST)) not in (None, [], ())


def value_of(value: object) -> Value | None:
    """A member as the value of a condition key; None if it is missing. Raises Refused."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        return iso_seconds(value if value.tzinfo else value.replace(tzinfo=UTC))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        return tuple(value) or None
    raise invalid("A member has a form that no condition can be on.")


def _mapping(value: object, name: str) -> Members:
    if not isinstance(value, Mapping):
        raise invalid(f"{name} is not a structure.")
    return value
