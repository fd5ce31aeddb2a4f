"""Random values for any shape of a service model, with the characters that wires trip over."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

TEXTS = (
    "alice",
    "",
    " ",
    "two words",
    "a+b",
    "a&b=c;d",
    "<User/>&amp;",
    "line\nline\r\n\ttab",
    "50%",
    "%41%zz",
    'quote"and\\back',
    "'",
    "a/b//c/../d?e#f",
    "Grüße",
    "日本語",
    "\N{GRINNING FACE}",
    "é\N{COMBINING ACUTE ACCENT}",
    "\u2028",
    "arn:aws:iam::123456789012:user/a,b",
    "true",
    "1",
)
_FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = 6_000_000_000
_MAX_DEPTH = 5


class Samples:
    """Values for shapes. `forms` says that empty maps and structures cannot be told, as is so in a form.

    `ec2` says the same of lists.
    """

    def __init__(self, seed: int | str, *, forms: bool, ec2: bool = False) -> None:
        self._random = random.Random(seed)
        self._forms = forms
        self._counts = (1, 2, 3) if ec2 else (0, 1, 3)

    def structure(self, shape: StructureShape, depth: int = 0) -> dict[str, Any]:
        """Every required member and some of the others; one single member of a union."""
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [self._random.choice(names)]
        value = {}
        for name in names:
            required = shape.is_tagged_union or name in shape.required_members
            if required or (depth < _MAX_DEPTH and self._random.random() < 0.7):
                value[name] = self._member(shape.members[name], depth + 1)
        value = {name: item for name, item in value.items() if not (self._forms and item == {})}
        return value or (self._least(shape) if self._forms and depth else {})

    def _least(self, shape: StructureShape) -> dict[str, Any]:
        """A scalar member or empty lists: a form cannot tell that a structure is there and empty."""
        for name, member in shape.members.items():
            if type(member) in (Shape, StringShape):
                return {name: self._scalar(member)}
        return {name: [] for name, member in shape.members.items() if isinstance(member, ListShape)}

    def text(self, *, filled: bool = False) -> str:
        return self._random.choice([text for text in TEXTS if text or not filled])

    def _member(self, shape: Shape, depth: int) -> Any:
        location = shape.serialization.get("location")
        if location == "uri":
            return self.text(filled=True) if shape.type_name == "string" else self._scalar(shape)
        if location in ("header", "headers"):
            return self._header(shape)
        if isinstance(shape, ListShape) and location == "querystring":
            return [self.value(shape.member, depth) for _ in range(self._random.randint(1, 3))]
        return self.value(shape, depth)

    def _header(self, shape: Shape) -> Any:
        return self._random.choice(["Bearer-x.y_z", "a b"]) if shape.type_name == "string" else self.value(shape, 0)

    def value(self, shape: Shape, depth: int) -> Any:
        if isinstance(shape, StructureShape):
            return {"any": ["json", 1, True]} if shape.is_document_type else self.structure(shape, depth)
        if isinstance(shape, ListShape):
            return [self.value(shape.member, depth + 1) for _ in range(self._count(depth))]
        if isinstance(shape, MapShape):
            keys = {str(self.value(shape.key, depth + 1)) for _ in range(self._count(depth))}
            return {key: self.value(shape.value, depth + 1) for key in sorted(keys)}
        return self._scalar(shape)

    def _count(self, depth: int) -> int:
        return self._random.choice(self._counts) if depth < _MAX_DEPTH else 1

    def _scalar(self, shape: Shape) -> Any:
        match shape.type_name:
            case "string":
                return self.text()
            case "integer":
                return self._random.choice((0, 1, -1, 2**31 - 1, -(2**31)))
            case "long":
                return self._random.choice((0, 1, 2**63 - 1, -(2**63)))
            case "boolean":
                return self._random.random() < 0.5
            case "float" | "double":
                return self._random.uniform(-1000, 1000)
            case "blob":
                return self._random.randbytes(self._random.randint(0, 9))
            case "timestamp":
                return _FIRST_MOMENT + timedelta(seconds=self._random.randint(0, _SECONDS))
            case other:
                raise NotImplementedError(other)


def equal(given: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    """Whether both hold the same, and in the same types: 1 is not True and not 1.0."""
    return given == got and repr(_normal(given)) == repr(_normal(got))


def _normal(value: Any) -> Any:
    match value:
        case dict():
            return {name: _normal(value[name]) for name in sorted(value)}
        case list():
            return [_normal(item) for item in value]
        case datetime():
            return value.astimezone(UTC).timestamp()
        case _:
            return value
