"""The input of an operation of Amazon S3, by the model's names: path, query string, headers, and a body of XML.

A body that is an object's content is not read here. INVARIANT: a header of AWS's that the operation does not have is
refused: a store might know it, and nobody has decided on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.model import StructureShape

from carnet.base.http import HttpRequest
from carnet.models.load import full_description
from carnet.models.service import Service
from carnet.protocols.rest_input import RestHead, as_text, head_members
from carnet.protocols.s3_arguments import read_arguments
from carnet.protocols.s3_routing import S3Route
from carnet.protocols.unreadable import Unreadable
from carnet.protocols.xml_values import xml_document

_OF_AWS = "x-amz-"
_OF_THE_SIGNATURE = frozenset(
    (
        *("x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-decoded-content-length"),
        *("x-amz-trailer", "x-amz-user-agent", "x-amz-te", "x-amz-sdk-checksum-algorithm", "x-amz-api-version"),
    )
)
"""Headers that every request may have: of its signature, of how its body comes, of the client, which tells the version
of the API with each if it is the SDK for C++."""
_CHECKSUM = "x-amz-checksum-"
_CHECKED_BY = "x-amz-sdk-checksum-algorithm"
"""A header of operations whose bodies may come with a checksum, which models do not name."""
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

_Body = Callable[[bytes], dict[str, Any]]


def read_input(routed: S3Route, request: HttpRequest) -> dict[str, Any]:
    """The members that the request has. Raises Unreadable, also as ArgumentRefused.

    `request.body` is the whole body, or empty if it is an object's content.
    """
    shape, head, body = _compile(routed.operation)
    labels = {"Bucket": routed.path.bucket or "", "Key": routed.path.key or ""}
    if shape is None:
        return {}
    _check_headers(shape, request)
    query = tuple(read_arguments(routed).items())
    return head(RestHead(labels=labels, query=query, request=request)) | body(request.body)


@cache
def _service() -> Service:
    return Service.of("s3", full_description("s3"))


@cache
def _compile(operation: str) -> tuple[StructureShape | None, Callable[[RestHead], dict[str, Any]], _Body]:
    shape = _service().operations[operation].input
    if shape is None:
        return None, lambda head: {}, _no_members
    return shape, head_members(shape), body_members(shape, NAMESPACE)


def body_members(shape: StructureShape, namespace: str) -> Callable[[bytes], dict[str, Any]]:
    """The reader of what stands in the body of a rest-xml operation; it raises Unreadable. A blob is not read."""
    payload = shape.serialization.get("payload")
    if payload is None:
        root = shape.serialization.get("name")
        return _at_root(shape, str(root), namespace) if root is not None else _no_members
    member = shape.members[payload]
    if isinstance(member, StructureShape):
        read = xml_document(member, str(member.serialization.get("name", member.name)), namespace)
        return lambda body: {payload: read(body)} if body else {}
    return as_text(payload) if member.type_name == "string" else _no_members


def _at_root(shape: StructureShape, root: str, namespace: str) -> _Body:
    """Of what stands in the head, the body has nothing."""
    read = xml_document(shape, root, namespace)
    located = {name for name, member in shape.members.items() if "location" in member.serialization}

    def read_body(body: bytes) -> dict[str, Any]:
        found = read(body) if body else {}
        if not located.isdisjoint(found):
            raise Unreadable("The body holds what belongs into the head")
        return found

    return read_body


def _no_members(body: bytes) -> dict[str, Any]:
    return {}


def _check_headers(shape: StructureShape, request: HttpRequest) -> None:
    names, prefixes = _headers(shape)
    for name, _ in request.headers:
        if not name.startswith(_OF_AWS) or name in names or name.startswith(prefixes):
            continue
        raise Unreadable(f"The operation does not have the header {name[:64]}")


@cache
def _headers(shape: StructureShape) -> tuple[frozenset[str], tuple[str, ...]]:
    found = [
        (member.serialization.get("location"), str(member.serialization.get("name", name)).lower())
        for name, member in shape.members.items()
    ]
    names = frozenset(name for location, name in found if location == "header")
    checked = not names.isdisjoint((f"{_CHECKSUM}sha256", _CHECKED_BY))
    prefixes = tuple(name for location, name in found if location == "headers")
    return names | _OF_THE_SIGNATURE, (*prefixes, *((_CHECKSUM,) if checked else ()))
