"""The members that an answer fills, and those that no answer of an operation did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from carnet import models


def filled(value: Any, above: str = "") -> Iterator[str]:
    """The members that have a value, each below those that it is in."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            here = f"{above}.{name}" if above else name
            if member not in ([], {}):
                yield here
                yield from filled(member, here)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from filled(each, above)


def empty(service: str, asked: Mapping[str, set[str]]) -> set[str]:
    """The members that none of these operations' answers filled, without those within one of them."""
    return {f"{name}.{member}" for name, told in asked.items() for member in _empty(service, name, told)}


def answering(service: str) -> set[str]:
    """The operations that answer something."""
    return {name for name, operation in models.service(service).operations.items() if operation.output is not None}


def _empty(service: str, operation: str, told: set[str]) -> set[str]:
    shape = models.operation(service, operation).model.output_shape
    never = set(members(shape) if shape is not None else ()) - told
    return {name for name in never if not any(name.startswith(f"{other}.") for other in never)}


def members(shape: Any, above: str = "", around: tuple[str, ...] = ()) -> Iterator[str]:
    """Those that a shape has, each below those that it is in."""
    if shape.name in around:
        return
    match shape.type_name:
        case "structure":
            for name, member in shape.members.items():
                here = f"{above}.{name}" if above else name
                yield here
                yield from members(member, here, (*around, shape.name))
        case "list":
            yield from members(shape.member, above, around)
