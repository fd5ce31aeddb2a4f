"""Which operation of Amazon S3 a request asks for.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html

Stores ignore what they do not know in a query string: to some, `DELETE /bucket?analytics&id=1` deletes the bucket. So
an operation is found only if its model has every field of the query string. INVARIANT: a request that two operations
might be meant by, a field that no operation has, and one that is given twice are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from carnet.models.load import full_description
from carnet.protocols.form import Fields, once_each, read_query
from carnet.protocols.s3_paths import S3Path, read_path
from carnet.protocols.unreadable import Unreadable

OF_SIGNATURE = frozenset(
    (
        *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token"),
        *("X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Content-Sha256"),
    )
)
"""Fields of a presigned request: they are the authenticator's."""
_NAME_OF_OPERATION = "x-id"
"""Some SDKs name the operation in the query string."""
_VERSION = ("Version", "2006-03-01")
"""The version of the API, which Apache Libcloud tells there. No operation has it, and nothing of it is sent on."""
_LEVELS = {"/": 0, "/{Bucket}": 1, "/{Bucket}/{Key+}": 2}
_OLDER = frozenset(("GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification"))
"""Deprecated twins: no request tells them from the newer ones, which need the same permission."""
_OF_OTHER_HOSTS = frozenset(("ListDirectoryBuckets", "WriteGetObjectResponse"))


class S3Route(Struct, frozen=True, kw_only=True):
    """A request whose operation is known."""

    operation: str
    path: S3Path
    query: Mapping[str, str]
    """The fields that are members of the operation's input, by their names on the wire."""


class _Route(Struct, frozen=True, kw_only=True, eq=False):
    operation: str
    literals: Mapping[str, str]
    members: frozenset[str]
    required_fields: frozenset[str]
    required_headers: frozenset[str]

    @property
    def weight(self) -> int:
        return len(self.literals) + len(self.required_fields) + len(self.required_headers)

    def takes(self, query: Mapping[str, str], headers: Iterable[str]) -> bool:
        """Whether the request has all that the operation needs, and no field that it does not have."""
        rest = query.keys() - self.literals.keys()
        return (
            all(query.get(name) == value for name, value in self.literals.items())
            and rest <= self.members
            and self.required_fields <= query.keys()
            and self.required_headers.issubset(headers)
        )


def route(
    method: str, path: str, query: str, headers: Mapping[str, str], *, literal_keys: bool = False
) -> S3Route | None:
    """The operation, or None if no operation has all of the request. `path` and `query` as sent, names of `headers` in
    lower case. Raises Unreadable for what could be read in two ways.
    """
    named = read_path(path, literal_keys=literal_keys)
    fields = once_each(_without_signature(read_query(query)))
    said = fields.pop(_NAME_OF_OPERATION, None)
    if fields.get(_VERSION[0]) == _VERSION[1]:
        del fields[_VERSION[0]]
    routes = _routes().get((method, (named.bucket is not None) + (named.key is not None)), ())
    present = tuple([name for name in _required_headers(routes) if name in headers])
    found = _best_routes(routes, fields, present) if fields else _without_fields(routes, present)
    if not found:
        return None
    if len(found) > 1:
        raise Unreadable("The request could be for several operations")
    if said is not None and said != found[0].operation:
        raise Unreadable(f"The request says {_NAME_OF_OPERATION}={said[:64]} and is for {found[0].operation}")
    members = {name: value for name, value in fields.items() if name not in found[0].literals}
    return S3Route(operation=found[0].operation, path=named, query=members)


def _best_routes(routes: _Routes, fields: Mapping[str, str], headers: tuple[str, ...]) -> _Routes:
    """Those that need most of what the request has."""
    fitting = [one for one in routes if one.takes(fields, headers)]
    best = max((one.weight for one in fitting), default=0)
    return tuple([one for one in fitting if one.weight == best])


@cache
def _without_fields(routes: _Routes, headers: tuple[str, ...]) -> _Routes:
    """The same for a request without a query string, as most are."""
    return _best_routes(routes, {}, headers)


@cache
def _required_headers(routes: _Routes) -> tuple[str, ...]:
    """Headers that one of them needs."""
    return tuple(sorted(frozenset[str]().union(*(one.required_headers for one in routes))))


def _without_signature(fields: Fields) -> Fields:
    return tuple((name, value) for name, value in fields if name not in OF_SIGNATURE)


_Routes = tuple[_Route, ...]


@cache
def _routes() -> Mapping[tuple[str, int], _Routes]:
    """By method and by what the path names: nothing, a bucket, an object."""
    model = full_description("s3")
    found: dict[tuple[str, int], tuple[_Route, ...]] = {}
    for name, operation in model["operations"].items():
        if name in _OLDER or name in _OF_OTHER_HOSTS:
            continue
        path, _, literals = operation["http"]["requestUri"].partition("?")
        key = (operation["http"]["method"], _LEVELS[path])
        found[key] = (*found.get(key, ()), _route(name, dict(read_query(literals)), model, operation))
    return found


def _route(name: str, literals: Mapping[str, str], model: Any, operation: Any) -> _Route:
    shape = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
    required = set(shape.get("required", ()))
    located = [
        (member in required, described.get("location"), described.get("locationName", member))
        for member, described in shape.get("members", {}).items()
    ]
    return _Route(
        operation=name,
        literals=literals,
        members=frozenset(wire for _, location, wire in located if location == "querystring"),
        required_fields=frozenset(wire for must, location, wire in located if must and location == "querystring"),
        required_headers=frozenset(wire.lower() for must, location, wire in located if must and location == "header"),
    )
