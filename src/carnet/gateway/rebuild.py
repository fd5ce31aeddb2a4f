"""The request to an upstream, made anew from what was read of the client's.

INVARIANT: what was decided is what is sent. Nothing passes but the members that the operation's model has, in the one
form that botocore writes them in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import quote, urlencode

from botocore.serialize import SERIALIZERS, Serializer
from msgspec import Struct

from carnet.models import Operation

_UNRESERVED = "-_.~"


class Rebuilt(Struct, frozen=True, kw_only=True):
    """A request that nobody has signed yet."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case; without those that sign it, or say to whom it goes and how long its body is."""
    body: bytes


def rebuilt(operation: Operation, given: Mapping[str, Any]) -> Rebuilt:
    """The request for an operation with this input, by the model's member names."""
    made = _serializer(operation.service.protocol).serialize_to_request(dict(given), operation.model)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode("ascii")
    elif isinstance(body, str):
        body = body.encode("utf-8")
    path, _, literal = made["url_path"].partition("?")  # fields that every request of the operation has
    return Rebuilt(
        method=made["method"],
        path=path or "/",
        query="&".join(filter(None, (literal, _query(made["query_string"])))),
        headers=tuple((name.lower(), str(value)) for name, value in made["headers"].items()),
        body=bytes(body or b""),
    )


@cache
def _serializer(protocol: str) -> Serializer:
    return cast("type[Serializer]", SERIALIZERS[protocol])()


def _query(fields: str | Mapping[str, Any]) -> str:
    """The query string, encoded as signatures want it."""
    if isinstance(fields, str):
        return fields
    pairs = [
        (name, one) for name, value in fields.items() for one in (value if isinstance(value, list | tuple) else [value])
    ]
    return "&".join([f"{_encoded(name)}={_encoded(_text(value))}" for name, value in pairs])


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
