"""Rebuilds the request to an upstream from the parsed input of the client's request.

INVARIANT: the request that was decided is the one that is sent. Only members of the operation's model are sent, as
botocore serializes them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast
from urllib.parse import quote, urlencode

from botocore.model import Shape
from botocore.serialize import SERIALIZERS, Serializer
from msgspec import Struct, structs

from carnet.models import Operation, Protocol

_UNRESERVED = "-_.~"
_IN_PATH = f"{_UNRESERVED}/"
"""The characters that are not encoded in a label that may have slashes, such as a key."""
_AS_IT_IS = re.compile(r"[\w.~-]+", re.ASCII)
"""Labels that need no encoding, as most names."""
_LABEL = re.compile(r"\{(\w+)(\+?)\}", re.ASCII)
_WITH_PATHS = (Protocol.REST_JSON, Protocol.REST_XML)


class Rebuilt(Struct, frozen=True, kw_only=True):
    """A request that is not signed yet."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case. The signature, Host and Content-Length are not among them."""
    body: bytes


def rebuilt(operation: Operation, given: Mapping[str, Any]) -> Rebuilt:
    """The request for an operation with this input, by the model's member names."""
    plain = _plain_form(operation)
    if plain is not None and plain.labels.keys() == given.keys() and all(given.values()):
        return plain.filled(given)
    return _serialize(operation, given)


def _serialize(operation: Operation, given: Mapping[str, Any]) -> Rebuilt:
    made = _serializer(operation.service.protocol).serialize_to_request(dict(given), operation.model)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode("ascii")
    elif isinstance(body, str):
        body = body.encode("utf-8")
    path, _, literal = made["url_path"].partition("?")  # query fields that every request of the operation has
    return Rebuilt(
        method=made["method"],
        path=path or "/",
        query="&".join(filter(None, (literal, _query(made["query_string"])))),
        headers=tuple((name.lower(), str(value)) for name, value in made["headers"].items()),
        body=bytes(body or b""),
    )


class _Plain(Struct, frozen=True, kw_only=True):
    """The request for an operation whose input has only members of the path, as for most requests about objects."""

    labels: Mapping[str, str]
    """Input member to the characters that are not encoded in it."""
    path: str
    """With `{}` for each label, in their order."""
    rest: Rebuilt

    def filled(self, given: Mapping[str, Any]) -> Rebuilt:
        labels = [
            text if _AS_IT_IS.fullmatch(text := given[name]) else quote(text, safe=safe)
            for name, safe in self.labels.items()
        ]
        path = self.path.format(*labels)
        return structs.replace(self.rest, path=path)


@cache
def _plain_form(operation: Operation) -> _Plain | None:
    """None if the path has no labels, or other members are required."""
    path = operation.model.http["requestUri"].partition("?")[0]
    written = _LABEL.findall(path)
    members = operation.input.members if operation.input is not None else {}
    by_name = {str(one.serialization.get("name", name)): name for name, one in members.items() if _is_label(one)}
    if not written or operation.service.protocol not in _WITH_PATHS or len(written) != len(by_name):
        return None
    labels = {by_name[name]: _IN_PATH if greedy else _UNRESERVED for name, greedy in written}
    if not labels.keys() >= set(operation.input.required_members if operation.input is not None else ()):
        return None
    return _Plain(labels=labels, path=_LABEL.sub("{}", path), rest=_serialize(operation, dict.fromkeys(labels, "x")))


def _is_label(shape: Shape) -> bool:
    return shape.serialization.get("location") == "uri" and shape.type_name == "string"


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
    return "&".join([f"{_percent_encode(name)}={_percent_encode(_text(value))}" for name, value in pairs])


def _percent_encode(text: str) -> str:
    return quote(text, safe=_UNRESERVED)


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
