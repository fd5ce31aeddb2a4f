"""Requests to typed input: text, numbers, aware datetimes, bytes, by the model's member names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from carnet.base.http import HttpRequest
from carnet.models import Operation, Protocol
from carnet.protocols.errors import WireError
from carnet.protocols.json_body import read_json
from carnet.protocols.json_values import json_members
from carnet.protocols.query_shapes import ec2_structure, query_structure
from carnet.protocols.rest_input import RestHead, rest_input
from carnet.protocols.routing import Routed
from carnet.protocols.unreadable import Unreadable

_Read = Callable[[Routed, HttpRequest], dict[str, Any]]


def parse(routed: Routed, request: HttpRequest) -> dict[str, Any]:
    """The input of the operation. What is absent is absent: no defaults, no None, but for a gap in the numbers of a
    list whose items may not be null: `validate` refuses it.

    Raises WireError (MalformedInput, SerializationException in the JSON protocols) for a request that does not have
    the form of the operation's input. Whether the values keep the model's constraints is for `validate` to say.
    """
    try:
        return _compile_reader(routed.operation)(routed, request)
    except Unreadable as reason:
        raise WireError("MalformedInput", str(reason), routed.operation) from None


@cache
def _compile_reader(operation: Operation) -> _Read:
    return _READERS[operation.service.protocol](operation) if operation.input else _no_input


def _no_input(routed: Routed, request: HttpRequest) -> dict[str, Any]:
    return {}


def _query(operation: Operation) -> _Read:
    assert operation.input is not None
    read = query_structure(operation.input)
    return lambda routed, request: read(routed.fields)


def _ec2(operation: Operation) -> _Read:
    assert operation.input is not None
    read = ec2_structure(operation.input)
    return lambda routed, request: read(routed.fields)


def _json(operation: Operation) -> _Read:
    assert operation.input is not None
    structure = json_members(operation.input)
    return lambda routed, request: structure(read_json(request.body)) if request.body else {}


def _rest_json(operation: Operation) -> _Read:
    assert operation.input is not None
    read = rest_input(operation.input)
    return lambda routed, request: read(RestHead(labels=routed.labels, query=routed.query, request=request))


_READERS: Mapping[Protocol, Callable[[Operation], _Read]] = {
    Protocol.QUERY: _query,
    Protocol.EC2: _ec2,
    Protocol.JSON: _json,
    Protocol.REST_JSON: _rest_json,
}
