"""Amazon S3's control API on the wire: which operation is asked for, its input, its answer, and what is refused.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from botocore.model import StructureShape

from carnet.base.http import HttpResponse, RequestHead
from carnet.gateway.s3.arriving import as_request
from carnet.gateway.s3.faults import XML, S3Fault, as_error, described, elements, ids, not_implemented
from carnet.gateway.s3_sentences import XML_MALFORMED
from carnet.models import Operation, Service
from carnet.models.load import full_description
from carnet.protocols.api_errors import DECLARATION
from carnet.protocols.form import Fields, percent_decode, read_query
from carnet.protocols.rest_input import RestHead, head_members
from carnet.protocols.s3_input import body_members
from carnet.protocols.unreadable import Unreadable
from carnet.protocols.xml_shapes import xml_members

_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_LABEL = re.compile(r"\\\{(\w+)(\\\+)?\\\}", re.ASCII)
_DELETES = "Delete"


class Wanted(NamedTuple):
    """The operation that a request names."""

    operation: Operation
    labels: Mapping[str, str]
    """By the names in the operation's path, decoded."""
    query: Fields


class Route(NamedTuple):
    """The method and path of an operation."""

    method: str
    path: re.Pattern[str]
    fields: frozenset[str]
    operation: Operation


@cache
def _service() -> Service:
    return Service.of("s3control", full_description("s3control"))


@cache
def routes(names: tuple[str, ...]) -> tuple[Route, ...]:
    """The routes of the supported operations."""
    return tuple(_route(_service().operations[name]) for name in names)


def _route(operation: Operation) -> Route:
    http = operation.model.http
    path = _LABEL.sub(lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", re.escape(http["requestUri"]))
    members = operation.input.members.values() if operation.input is not None else ()
    fields = [str(one.serialization["name"]) for one in members if one.serialization.get("location") == "querystring"]
    return Route(http["method"], re.compile(path, re.ASCII), frozenset(fields), operation)


def wanted(head: RequestHead, answered: tuple[Route, ...]) -> Wanted:
    """Raises S3Fault for what is not answered here, and for a field that the operation does not have."""
    try:
        query = read_query(head.query)
        for one in answered:
            found = one.path.fullmatch(head.path) if head.method == one.method else None
            if found is not None and one.fields.issuperset(name for name, _ in query):
                labels = {name: percent_decode(text) for name, text in found.groupdict().items()}
                return Wanted(one.operation, labels, query)
    except Unreadable:
        raise S3Fault("InvalidURI", "Couldn't parse the specified URI.") from None
    raise not_implemented(
        "of Amazon S3's control API, access points, tags and the public access block of accounts are answered here"
    )


def read(asked: Wanted, head: RequestHead, body: bytes) -> dict[str, Any]:
    """The input, by the model's names. Raises S3Fault."""
    members, content, required = _reader(asked.operation)
    try:
        found = members(RestHead(labels=asked.labels, query=asked.query, request=as_request(head)))
        found |= content(body)
    except Unreadable as reason:
        raise S3Fault("MalformedXML" if body else "InvalidRequest", f"{reason}.") from None
    if not required <= found.keys():
        raise S3Fault("MalformedXML", XML_MALFORMED)
    return found


@cache
def _reader(
    operation: Operation,
) -> tuple[Callable[[RestHead], dict[str, Any]], Callable[[bytes], dict[str, Any]], frozenset[str]]:
    shape = operation.input
    assert shape is not None, "every operation of the control API names an account"
    return head_members(shape), body_members(shape, _NAMESPACE), frozenset(shape.required_members)


def written(operation: Operation, answer: Mapping[str, Any], request_id: str) -> HttpResponse:
    """A success. What deletes something is answered without content, whatever the model says."""
    headers, shape = ids(request_id), operation.output
    if shape is None or not shape.members:
        status = HTTPStatus.NO_CONTENT if operation.name.startswith(_DELETES) else operation.status
        return HttpResponse(status=status, headers=headers, body=b"")
    payload = shape.serialization.get("payload")
    root, inside = f"{operation.name}Result", shape
    if payload is not None:
        root, inside, answer = payload, cast("StructureShape", shape.members[payload]), answer[payload]
    text = f'{DECLARATION}<{root} xmlns="{_NAMESPACE}">{xml_members(inside)(answer)}</{root}>'
    return HttpResponse(status=operation.status, headers=(*headers, ("content-type", XML)), body=text.encode())


def error(code: str, message: str, request_id: str, members: Mapping[str, str] | None = None) -> HttpResponse:
    """The answer for a failed request; `members` are further elements of the error, by name."""
    error = f"<Error>{described(code, message, members)}</Error>"
    return as_error(f"<ErrorResponse>{error}{elements(request_id)}</ErrorResponse>", code, request_id)
