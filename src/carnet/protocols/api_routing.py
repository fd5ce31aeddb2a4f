"""Which operation of a service that is not offered a request asks for, and what of its input names resources.

Only what the wire says plainly is read: text at the first level of a JSON body or of a form, labels, fields of the
query string, headers. Whatever is told twice, or in a form that is not read here, is not known.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from msgspec import Struct, field

from carnet.base.http import HttpRequest
from carnet.catalog.apis import Api, ApiOperation, Place
from carnet.protocols.form import Fields, once_each, percent_decode, read_form, read_query
from carnet.protocols.json_body import read_json
from carnet.protocols.unoffered import Dialect, Unoffered
from carnet.protocols.unreadable import Unreadable

_LABEL = re.compile(r"\{([A-Za-z0-9_]+)(\+?)\}", re.ASCII)
_CBOR_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)", re.ASCII)
_ROUTES_KEPT = 16
_LOOPBACK = "localhost"


class Asked(Struct, frozen=True, kw_only=True):
    """What a request asks for. `operation` is None if the request does not tell for certain."""

    operation: ApiOperation | None = None
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """(location, name on the wire) to text, of what was read."""

    def member(self, name: str) -> str | None:
        """The text of a member of the input that a resource is named by; None if the request does not have it."""
        assert self.operation is not None
        return self.texts.get(self.operation.places[name])


def asked(unoffered: Unoffered, request: HttpRequest) -> Asked:
    """Read it; a request that is not well-formed asks for nothing that is known."""
    try:
        return _READERS[unoffered.dialect](unoffered, request)
    except Unreadable:
        return Asked()


def _operation_named(apis: Iterable[Api], name: str) -> ApiOperation | None:
    return next((api.operations[name] for api in apis if name in api.operations), None)


def _json(unoffered: Unoffered, request: HttpRequest) -> Asked:
    prefix, _, name = unoffered.target.partition(".")
    operation = _operation_named([api for api in unoffered.apis if api.target_prefix == prefix], name)
    if operation is None or request.method != "POST":
        return Asked()
    return Asked(operation=operation, texts=_json_texts(request.body))


def _cbor(unoffered: Unoffered, request: HttpRequest) -> Asked:
    """The body is not read: an operation on a resource is known, and its resource is not."""
    found = _CBOR_PATH.fullmatch(request.path)
    if found is None or request.method != "POST":
        return Asked()
    return Asked(operation=_operation_named([api for api in unoffered.apis if api.target_prefix == found[1]], found[2]))


def _query(unoffered: Unoffered, request: HttpRequest) -> Asked:
    fields = once_each(read_query(request.query) + read_form(request.body))
    version = fields.get("Version")
    operation = _operation_named(
        [api for api in unoffered.apis if api.api_version == version], fields.get("Action", "")
    )
    return Asked(operation=operation, texts={("body", name): value for name, value in fields.items()})


def _rest(unoffered: Unoffered, request: HttpRequest) -> Asked:
    if unoffered.dialect is Dialect.S3 and not _names_no_bucket(request.header("host") or ""):
        return Asked()
    query = read_query(request.query)
    for api in unoffered.apis:
        found = _find(api, request, query)
        if found is not None:
            operation, labels = found
            texts = {("uri", name): value for name, value in labels.items()}
            texts |= {("querystring", name): value for name, value in _once(query).items()}
            texts |= {("header", name): value for name, value in _headers(operation, request).items()}
            in_body = any(place.location == "body" for place in operation.places.values())
            return Asked(operation=operation, texts=texts | (_json_texts(request.body) if in_body else {}))
    return Asked()


def _names_no_bucket(host: str) -> bool:
    """Whether a host is one that S3's paths begin with the bucket at: an address, or AWS's own without a bucket."""
    name = host.rpartition(":")[0] if re.search(r":[0-9]+$", host) else host
    if name == _LOOPBACK or re.match(r"s3[.-]", name):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _json_texts(body: bytes) -> dict[tuple[str, str], str]:
    """None of a body that cannot be read as a whole, for then nothing of it is sure."""
    try:
        content = read_json(body) if body else {}
    except Unreadable:
        content = {}
    members = content.items() if isinstance(content, dict) else ()
    return {("body", name): value for name, value in members if isinstance(value, str)}


def _once(query: Fields) -> dict[str, str]:
    """The fields that are there once; of a list, which is not read here, there may be several."""
    counts = Counter(name for name, _ in query)
    return {name: value for name, value in query if counts[name] == 1}


def _headers(operation: ApiOperation, request: HttpRequest) -> dict[str, str]:
    names = [place.name for place in operation.places.values() if place.location == "header"]
    values = {name: request.header_all(name.lower()) for name in names}
    return {name: found[0] for name, found in values.items() if len(found) == 1}


class _Route(Struct, frozen=True):
    operation: ApiOperation
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]
    """Fields that the query string must hold."""
    required: frozenset[tuple[str, str]]
    """Location and name of parameters and headers that must be there, whatever they say."""


def _find(api: Api, request: HttpRequest, query: Fields) -> tuple[ApiOperation, Mapping[str, str]] | None:
    """The most particular operation that the request has all of, and the labels of its path."""
    head = {("querystring", name) for name, _ in query} | {("header", name) for name in request.first}
    for route in _routes(api).get(request.method, ()):
        found = route.path.fullmatch(request.path)
        if found is not None and route.query.issubset(query) and route.required <= head:
            return route.operation, {name: percent_decode(value) for name, value in found.groupdict().items()}
    return None


@lru_cache(_ROUTES_KEPT)
def _routes(api: Api) -> Mapping[str, tuple[_Route, ...]]:
    """By method, the most particular first: what says more of the query string and the headers, then of the path."""
    routes: dict[str, list[tuple[int, int, _Route]]] = {}
    for operation in api.operations.values():
        path, _, literals = operation.uri.partition("?")
        required = frozenset(_in_head(place) for place in operation.required)
        route = _Route(operation, _path_pattern(path), frozenset(read_query(literals)), required)
        weight = len(_LABEL.sub("", path))
        routes.setdefault(operation.method, []).append((len(route.query) + len(required), weight, route))
    return {
        method: tuple(route for *_, route in sorted(rows, key=lambda row: row[:2], reverse=True))
        for method, rows in routes.items()
    }


def _in_head(place: Place) -> tuple[str, str]:
    return place.location, place.name.lower() if place.location == "header" else place.name


def _path_pattern(template: str) -> re.Pattern[str]:
    """`/functions/{FunctionName}`; a label is one part of the path, and with a plus sign all the rest of it."""
    text, end = "", 0
    for label in _LABEL.finditer(template):
        text += re.escape(template[end : label.start()]) + f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})"
        end = label.end()
    return re.compile(text + re.escape(template[end:]) + "/?" * (not template.endswith("/")), re.ASCII)


_READERS: Mapping[Dialect, Callable[[Unoffered, HttpRequest], Asked]] = {
    Dialect.QUERY: _query,
    Dialect.EC2: _query,
    Dialect.JSON: _json,
    Dialect.CBOR: _cbor,
    Dialect.REST_JSON: _rest,
    Dialect.REST_XML: _rest,
    Dialect.S3: _rest,
}
