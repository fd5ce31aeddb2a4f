"""A structure in a JSON protocol's answer: its body, and the members that rest-json puts in the HTTP head.

https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from botocore.model import ListShape, Shape, StructureShape

from carnet.protocols import text_scalars
from carnet.protocols.json_shapes import json_structure
from carnet.protocols.timestamps import HTTP_DATE

Headers = tuple[tuple[str, str], ...]

_PRINTABLE = re.compile(r"[\t\x20-\x7e]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonParts:
    """Where the members of a structure go; `status` is None if no member says it."""

    body: Any
    """What JSON is written from, or the bytes of a payload that is no JSON."""
    headers: Headers = ()
    status: int | None = None


@cache
def json_parts(shape: StructureShape) -> Callable[[Mapping[str, Any]], JsonParts]:
    """The writer of a structure that is an answer or an error."""
    heads = {name: member for name, member in shape.members.items() if "location" in member.serialization}
    body = _body(shape)
    if not heads:
        return lambda value: JsonParts(body=body(value))
    write_head = _head(heads)

    def write(value: Mapping[str, Any]) -> JsonParts:
        headers, status = write_head({name: value[name] for name in heads if value.get(name) is not None})
        rest = {name: member for name, member in value.items() if name not in heads}
        return JsonParts(body=body(rest), headers=headers, status=status)

    return write


def _body(shape: StructureShape) -> Callable[[Mapping[str, Any]], Any]:
    payload = shape.serialization.get("payload")
    if payload is None:
        return json_structure(shape)
    member = shape.members[payload]
    if isinstance(member, StructureShape):
        content = json_structure(member)
        return lambda value: content(value.get(payload) or {})
    if member.type_name == "blob":
        return lambda value: bytes(value.get(payload) or b"")
    return lambda value: str(value.get(payload) or "").encode()


def _head(members: Mapping[str, Shape]) -> Callable[[Mapping[str, Any]], tuple[Headers, int | None]]:
    statuses = [name for name, member in members.items() if member.serialization["location"] == "statusCode"]
    headers = {name: _header(member, name) for name, member in members.items() if name not in statuses}

    def write(value: Mapping[str, Any]) -> tuple[Headers, int | None]:
        lines = tuple(line for name, item in value.items() if name in headers for line in headers[name](item))
        return lines, next((int(value[name]) for name in statuses if name in value), None)

    return write


def _header(shape: Shape, member: str) -> Callable[[Any], Headers]:
    name = shape.serialization.get("name", "" if shape.type_name == "map" else member)
    if shape.type_name == "map":
        return lambda pairs: tuple((name + key, _line(value)) for key, value in pairs.items())
    text = _header_text(shape)
    return lambda value: ((name, _line(text(value))),)


def _header_text(shape: Shape) -> Callable[[Any], str]:
    if shape.serialization.get("jsonvalue"):
        return lambda value: base64.b64encode(orjson.dumps(value)).decode("ascii")
    if isinstance(shape, ListShape):
        item = text_scalars.writer(shape.member, HTTP_DATE)
        return lambda values: ",".join(map(item, values))
    return text_scalars.writer(shape, HTTP_DATE)


def _line(value: str) -> str:
    """A header's value; ValueError for one that would end the header."""
    if not _PRINTABLE.fullmatch(value):
        raise ValueError(f"not fit for a header: {value!r}")
    return value
