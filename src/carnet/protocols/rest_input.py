"""The input of a rest-json operation: labels of the path, query string, headers and body.

https://smithy.io/2.0/spec/http-bindings.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from carnet.base.http import HttpRequest
from carnet.protocols import text_scalars
from carnet.protocols.form import Fields
from carnet.protocols.json_body import read_json
from carnet.protocols.json_values import json_members
from carnet.protocols.timestamps import HTTP_DATE, ISO8601
from carnet.protocols.unreadable import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class RestHead:
    """What the request says outside its body."""

    labels: Mapping[str, str]
    query: Fields
    request: HttpRequest


_Read = Callable[[RestHead], Any]
"""Gives a member's value; None if the request does not have it."""


def rest_input(shape: StructureShape) -> Callable[[RestHead], dict[str, Any]]:
    """The reader of an operation's input."""
    members, body = head_members(shape), _body(shape)
    return lambda head: members(head) | body(head.request.body)


def head_members(shape: StructureShape) -> Callable[[RestHead], dict[str, Any]]:
    """The reader of what does not stand in the body, in rest-xml as in rest-json."""
    located = {name: member for name, member in shape.members.items() if "location" in member.serialization}
    in_query = [(name, _location_reader(member, name)) for name, member in located.items() if _is_in_query(member)]
    heads = [
        (name, _header_name(member, name), _location_reader(member, name))
        for name, member in located.items()
        if not _is_in_query(member)
    ]

    def read(head: RestHead) -> dict[str, Any]:
        headers = head.request.first
        found = {name: read_member(head) for name, header, read_member in heads if header is None or header in headers}
        if head.query:  # which most requests for objects do not have
            found |= {name: read_member(head) for name, read_member in in_query}
        return {name: value for name, value in found.items() if value is not None}

    return read


def _is_in_query(shape: Shape) -> bool:
    return str(shape.serialization["location"]) == "querystring"


def _header_name(shape: Shape, member: str) -> str | None:
    """The header that a member stands in, of which most requests have but a few; None if it stands elsewhere."""
    if shape.serialization["location"] != "header":
        return None
    return str(shape.serialization.get("name", member)).lower()


def _location_reader(shape: Shape, member: str) -> _Read:
    name = str(shape.serialization.get("name", member))
    match shape.serialization["location"]:
        case "uri":
            return _label(shape, name)
        case "querystring":
            return _query(shape, name)
        case "header":
            return _header(shape, name.lower())
        case "headers":
            return _headers(str(shape.serialization.get("name", "")).lower())
        case other:
            raise NotImplementedError(f"an input member's place may not be {other}")


def _label(shape: Shape, name: str) -> _Read:
    read = text_scalars.reader(shape, ISO8601)
    return lambda head: read(head.labels[name])


def _query(shape: Shape, name: str) -> _Read:
    if isinstance(shape, ListShape):
        item = text_scalars.reader(shape.member, ISO8601)
        return lambda head: [item(value) for key, value in head.query if key == name] or None
    if shape.type_name == "map":
        raise NotImplementedError("a query string may not stand for a map")
    read = text_scalars.reader(shape, ISO8601)

    def read_one(head: RestHead) -> Any:
        value = _only([value for key, value in head.query if key == name], name)
        return None if value is None else read(value)

    return read_one


def _header(shape: Shape, name: str) -> _Read:
    read = _header_reader(shape)

    def read_one(head: RestHead) -> Any:
        value = _only(head.request.header_all(name), name)
        return None if value is None else read(value)

    return read_one


def _header_reader(shape: Shape) -> Callable[[str], Any]:
    if shape.serialization.get("jsonvalue"):
        return _json_value
    if isinstance(shape, ListShape):
        item = text_scalars.reader(shape.member, HTTP_DATE)
        return lambda text: [item(part.strip()) for part in text.split(",")]
    return text_scalars.reader(shape, HTTP_DATE)


def _headers(prefix: str) -> _Read:
    """A map of every header whose name begins with a prefix."""

    def read(head: RestHead) -> dict[str, str] | None:
        names = [name for name, _ in head.request.headers if name.startswith(prefix)]
        found = {name.removeprefix(prefix): _only(head.request.header_all(name), name) or "" for name in names}
        return found or None

    return read


def _json_value(text: str) -> Any:
    try:
        return read_json(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise Unreadable("A header is not base64 of JSON") from None


def _only(values: list[str] | tuple[str, ...], name: str) -> str | None:
    if len(values) > 1:
        raise Unreadable(f"{name} is given more than once")
    return values[0] if values else None


def _body(shape: StructureShape) -> Callable[[bytes], dict[str, Any]]:
    payload = shape.serialization.get("payload")
    if payload is None:
        members = json_members(shape)
        in_body = any("location" not in member.serialization for member in shape.members.values())
        return (lambda body: members(read_json(body)) if body else {}) if in_body else _ignore_body
    member = shape.members[payload]
    if isinstance(member, StructureShape):
        content = json_members(member)
        return lambda body: {payload: content(read_json(body))} if body else {}
    return as_text(payload) if member.type_name == "string" else lambda body: {payload: body} if body else {}


def _ignore_body(body: bytes) -> dict[str, Any]:
    return {}


def as_text(payload: str) -> Callable[[bytes], dict[str, Any]]:
    """The reader of a body that is the text of one member."""

    def read(body: bytes) -> dict[str, Any]:
        try:
            return {payload: body.decode("utf-8")} if body else {}
        except UnicodeDecodeError:
            raise Unreadable("The request body is not UTF-8") from None

    return read
