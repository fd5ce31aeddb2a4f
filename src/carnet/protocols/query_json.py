"""The query protocol's answers as JSON, which AWS gives to whoever accepts JSON before XML.

`{"GetUserResponse": {"GetUserResult": {...}, "ResponseMetadata": {"RequestId": "..."}}}`, times as seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from carnet.base.http import JSON, REQUEST_ID, HttpResponse
from carnet.models import Operation
from carnet.protocols.json_shapes import query_json_structure

_QUALITY = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?", re.ASCII)
_XML_TYPES = frozenset(("text/xml", "application/xml", "text/*", "*/*"))
_CONTENT_TYPE = ("Content-Type", JSON)


@lru_cache(256)
def accepts_json(accept: str | None) -> bool:
    """Whether an Accept header ranks application/json above XML; of equal ranks the one that is named first counts.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    best, found = 0.0, False
    for media_range in (accept or "").split(","):
        media_type, _, parameters = media_range.partition(";")
        name, quality = media_type.strip().lower(), _quality(parameters)
        if quality > best and (name == JSON or name in _XML_TYPES):
            best, found = quality, name == JSON
    return found


def write_query_json(operation: Operation, output: Mapping[str, Any], request_id: str) -> HttpResponse:
    """The answer for a request that succeeded; `output` is by the model's member names."""
    shape, name = operation.output, operation.name
    answer: dict[str, Any] = {}
    if shape is not None:
        answer[shape.serialization.get("resultWrapper", f"{name}Result")] = query_json_structure(shape)(output)
    answer["ResponseMetadata"] = {"RequestId": request_id}
    return _response(operation.status, {f"{name}Response": answer}, request_id)


def write_query_json_error(
    status: int, kind: str, code: str, details: Mapping[str, Any], request_id: str
) -> HttpResponse:
    """The answer for a failed request: `kind` is Sender or Receiver, `details` hold Message and what else is told."""
    error = {"Code": code, **details, "Type": kind}
    return _response(status, {"Error": error, "RequestId": request_id}, request_id)


def _response(status: int, content: Mapping[str, Any], request_id: str) -> HttpResponse:
    return HttpResponse(status=status, headers=((REQUEST_ID, request_id), _CONTENT_TYPE), body=orjson.dumps(content))


def _quality(parameters: str) -> float:
    """The q of a media range, 1 if it has none, and 0 if it is no number."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            return float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
    return 1.0
