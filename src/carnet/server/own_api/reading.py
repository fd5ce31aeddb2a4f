"""Reads what a request to Carnet's own API asks for, and what it gives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from carnet.base.http import HttpRequest, RequestHead
from carnet.server.own_api.endpoint import PREFIX, Endpoint, Input, NoInput
from carnet.server.own_api.problems import Problem

_SEGMENT = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
_MOST_PARAMETERS = 32
_SIGNING = "x-amz-"
"""How the query parameters of a presigned request begin."""


def find_endpoint(endpoints: Iterable[Endpoint], head: RequestHead) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of a request, and what stands in the variable segments of its path. Raises Problem."""
    found = [
        (endpoint, path)
        for endpoint in endpoints
        if (path := _match_path(endpoint.path, head.path.removeprefix(PREFIX))) is not None
    ]
    if not found:
        raise Problem(404, "NotFound", "Carnet's own API has no such path.")
    for endpoint, path in found:
        if endpoint.method == head.method:
            return endpoint, path
    allowed = ", ".join(endpoint.method for endpoint, _ in found)
    raise Problem(405, "MethodNotAllowed", f"This path takes {allowed}.", ("allow", allowed))


def _match_path(template: str, path: str) -> dict[str, str] | None:
    wanted, sent = template.split("/"), path.split("/")
    if len(wanted) != len(sent):
        return None
    variable: dict[str, str] = {}
    for name, segment in zip(wanted, sent, strict=True):
        if not name.startswith("{"):
            if name != segment:
                return None
        elif _SEGMENT.fullmatch(segment) is None:
            return None
        else:
            variable[name[1:-1]] = segment
    return variable


def read_query(endpoint: Endpoint, head: RequestHead) -> Any:
    """The query string as the endpoint's `query`. Raises Problem."""
    try:
        pairs = parse_qsl(
            head.query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        if head.query:
            raise _invalid("The query string cannot be read.") from None
        pairs = []
    own = [(name, value) for name, value in pairs if not name.lower().startswith(_SIGNING)]
    given = dict(own)
    if len(given) != len(own):
        raise _invalid("The query string gives a parameter twice.")
    try:
        return msgspec.convert(given, endpoint.query, strict=False)
    except msgspec.ValidationError as problem:
        raise _invalid(f"The query string is not right: {problem}.") from None


def read_body(endpoint: Endpoint, http: HttpRequest) -> Any:
    """The body as the endpoint's `given`, from JSON. Raises Problem."""
    if endpoint.given is NoInput and not http.body:
        return NoInput()
    try:
        return msgspec.json.decode(http.body, type=endpoint.given)
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise _invalid(f"The body is not right: {problem}.") from None


def parameters(path: Mapping[str, str], *inputs: Input) -> dict[str, Any]:
    """What a request gives, for the audit log."""
    read = dict(path)
    for each in inputs:
        read |= {name: value for name, value in msgspec.to_builtins(each).items() if value is not None}
    return read


def _invalid(sentence: str) -> Problem:
    return Problem(400, "InvalidRequest", sentence)
