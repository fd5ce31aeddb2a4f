"""Answers on the wire: the output of an operation in its service's protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson

from carnet.base.http import JSON, REQUEST_ID, XML, HttpResponse
from carnet.models import Operation, Protocol
from carnet.protocols.json_parts import JsonParts, json_parts
from carnet.protocols.query_json import accepts_json, write_query_json
from carnet.protocols.xml_shapes import xml_members

_Write = Callable[[Mapping[str, Any], str], HttpResponse]


def write(operation: Operation, output: Mapping[str, Any], request_id: str, accept: str | None = None) -> HttpResponse:
    """The answer for a request that succeeded; `output` is by the model's member names, and None stands for absent.

    `accept` is the request's Accept header, by which the query protocol answers in XML or JSON.
    Raises LookupError, TypeError or ValueError for an output that is not of the operation's shape.
    """
    if accept is not None and operation.service.protocol is Protocol.QUERY and accepts_json(accept):
        return write_query_json(operation, output, request_id)
    return _compile_writer(operation)(output, request_id)


@cache
def _compile_writer(operation: Operation) -> _Write:
    return _WRITERS[operation.service.protocol](operation)


def _query(operation: Operation) -> _Write:
    shape, name = operation.output, operation.name
    content = xml_members(shape) if shape else _write_nothing
    wrapper = shape.serialization.get("resultWrapper", f"{name}Result") if shape else ""
    start, end = (f"<{wrapper}>", f"</{wrapper}>") if wrapper else ("", "")
    head = f'<{name}Response xmlns="{operation.service.xml_namespace}">{start}'
    middle = f"{end}<ResponseMetadata><RequestId>"
    tail = f"</RequestId></ResponseMetadata></{name}Response>"

    def write(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        return HttpResponse(
            status=operation.status,
            headers=((REQUEST_ID, request_id), ("Content-Type", XML)),
            body=f"{head}{content(output)}{middle}{request_id}{tail}".encode(),
        )

    return write


def _ec2(operation: Operation) -> _Write:
    """https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#response-serialization"""
    content = xml_members(operation.output) if operation.output else _write_nothing
    head = f'<{operation.name}Response xmlns="{operation.service.xml_namespace}"><requestId>'
    tail = f"</{operation.name}Response>"

    def write(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        return HttpResponse(
            status=operation.status,
            headers=((REQUEST_ID, request_id), ("Content-Type", XML)),
            body=f"{head}{request_id}</requestId>{content(output)}{tail}".encode(),
        )

    return write


def _write_nothing(output: Mapping[str, Any]) -> str:
    if output:
        raise LookupError(f"an operation that answers nothing was given {sorted(output)}")
    return ""


def _json(operation: Operation) -> _Write:
    media_type = f"application/x-amz-json-{operation.service.json_version}"
    return _json_writer(operation, media_type)


def _rest_json(operation: Operation) -> _Write:
    return _json_writer(operation, JSON)


def _json_writer(operation: Operation, media_type: str) -> _Write:
    parts_of = json_parts(operation.output) if operation.output else _no_parts
    content_type = ("Content-Type", media_type)

    def write(output: Mapping[str, Any], request_id: str) -> HttpResponse:
        parts = parts_of(output)
        return HttpResponse(
            status=parts.status or operation.status,
            headers=((REQUEST_ID, request_id), content_type, *parts.headers),
            body=parts.body if isinstance(parts.body, bytes) else orjson.dumps(parts.body),
        )

    return write


def _no_parts(output: Mapping[str, Any]) -> JsonParts:
    _write_nothing(output)
    return JsonParts(body={})


_WRITERS: Mapping[Protocol, Callable[[Operation], _Write]] = {
    Protocol.QUERY: _query,
    Protocol.EC2: _ec2,
    Protocol.JSON: _json,
    Protocol.REST_JSON: _rest_json,
}
