"""The members of one structure: what was compiled for each, and its name on the wire."""

from __future__ import annotations

from typing import Never, TypeVar

from botocore.model import ListShape, Shape

T = TypeVar("T")


class Members(dict[str, T]):
    """Member name to what was compiled for it; a name that the structure lacks raises, and says whose it is not."""

    def __init__(self, structure: str) -> None:
        super().__init__()
        self._structure = structure

    def __missing__(self, name: str) -> Never:
        raise LookupError(f"{self._structure} has no member {name}")


def wire_name(shape: Shape, name: str) -> str:
    """What the member of that name is called in XML and in queries: a flattened list as its items are."""
    own = str(shape.serialization.get("name", name))
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        return str(shape.member.serialization.get("name", own))
    return own
