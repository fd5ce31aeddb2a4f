"""An upstream's answer as the members of AWS's model, which botocore reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.parsers import ResponseParser, create_parser

from carnet.base.bounded_json import loads
from carnet.base.bounded_xml import refuse_declarations
from carnet.base.http import HttpResponse
from carnet.gateway.upstreams.connection import UpstreamFailed
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.models import Operation, Protocol, present_form

_IN_XML = frozenset((Protocol.QUERY, Protocol.EC2, Protocol.REST_XML))


def reread(operation: Operation, response: UpstreamResponse | HttpResponse, body: bytes) -> dict[str, Any]:
    """The members. Raises UpstreamFailed for what is no answer of the operation.

    INVARIANT: botocore's parser never gets entities: it would make 90 MB of 900 kB, and block every request
    meanwhile.
    """
    operation = present_form(operation)
    answer = {"status_code": response.status, "headers": dict(response.headers), "body": body}
    shape = operation.output
    if shape is None:
        return {}
    try:
        if operation.service.protocol in _IN_XML:
            refuse_declarations(body)
        members: dict[str, Any] = _parser(operation.service.protocol).parse(answer, shape)
    except Exception as problem:
        raise UpstreamFailed(f"the answer is none of {operation.name}", sent=True) from problem
    members.pop("ResponseMetadata", None)
    return members


def members_of(body: bytes) -> Mapping[str, Any]:
    """The members of an answer in JSON; none of another."""
    try:
        value = loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


@cache
def _parser(protocol: str) -> ResponseParser:
    parser: ResponseParser = create_parser(protocol)
    return parser
