"""Which operation of which service a request asks for.

A request may name its service in several places: the credential scope, `X-Amz-Target`, the host, the path, `Version`.
INVARIANT: what is authorized is what is done. So the places must agree, nothing is guessed, and whatever another
reader of the same bytes could take in another way is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from msgspec import Struct, field

from carnet.base.http import HttpRequest
from carnet.models import EXTRACTS, SERVICES, Operation, Protocol, Service, service
from carnet.protocols import rest_paths
from carnet.protocols.at_queue import at_queue, queue_in
from carnet.protocols.clues import Clues, read_clues
from carnet.protocols.errors import Where, WireError
from carnet.protocols.form import Fields, parameters, read_both, read_query
from carnet.protocols.unoffered import NotOffered, signed_for, unsigned_operation
from carnet.protocols.unreadable import Unreadable

_ROOT = "/"
_FORM = "application/x-www-form-urlencoded"
_NO_VERSION = "NO_VERSION_SPECIFIED"
_JSON_MEDIA_TYPES = ("application/x-amz-json-1.0", "application/x-amz-json-1.1")


class Routed(Struct, frozen=True, kw_only=True):
    """The operation that a request asks for, and what was read of the request to find it."""

    operation: Operation
    fields: Mapping[str, str] = field(default_factory=dict)
    """Query protocols: the parameters of query string and form together."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """rest-json: the labels of the path."""
    query: Fields = ()
    """rest-json: the fields of the query string."""


def route(request: HttpRequest) -> Routed:
    """The operation that a request asks for, signed or not; whether it is allowed to ask is for others to say.

    Raises WireError if it names none (InvalidAction, MissingAction, UnknownOperationException), contradicts itself
    (MalformedInput, SerializationException), names no service (MissingAuthenticationToken), or is signed for another
    (SignatureDoesNotMatch); and NotOffered if it is signed for a service of AWS that is not offered here.
    """
    clues = read_clues(request)
    return _route(_service(clues, request), request, clues)


def route_to(found: Service, request: HttpRequest) -> Routed:
    """The operation of one service that a request asks for; raises WireError as `route` does.

    What the request says of its service elsewhere has to agree with the scope of its signature, which `verify` checks.
    """
    return _route(found, request, read_clues(request))


def _route(found: Service, request: HttpRequest, clues: Clues) -> Routed:
    try:
        return _ROUTES[found.protocol](found, request, clues)
    except Unreadable as reason:
        raise WireError("MalformedInput", str(reason), found) from None


def _service(clues: Clues, request: HttpRequest) -> Service:
    """The one service that every clue allows."""
    if len(clues.scopes) > 1:
        raise WireError("IncompleteSignature", "The request carries credentials for two services.", _guess(clues))
    if not clues.scopes:
        return _unsigned_service(clues, request)
    (scope,) = clues.scopes
    found = _by_signing_name().get(scope)
    if found is None:
        raise _foreign_scope(scope, clues, request)
    if clues.host not in (None, found.name):
        raise WireError(
            "SignatureDoesNotMatch",
            f"Credential should be scoped to correct service: '{service(str(clues.host)).signing_name}'.",
            found,
        )
    return found


def _foreign_scope(scope: str, clues: Clues, request: HttpRequest) -> WireError:
    """What is told of a signature for a service that is not offered, or that is not the one asked."""
    asked = _by_target(clues) or _by_version(request) or _by_host(clues)
    if asked is None:
        unoffered = signed_for(scope, clues, request)
        if unoffered is not None:
            return NotOffered(unoffered)
        asked = _by_path(request)
    which = "a valid service." if asked is None else f"correct service: '{asked.signing_name}'."
    return WireError("SignatureDoesNotMatch", f"Credential should be scoped to {which}", asked or _guess(clues))


def _left_out(found: Service, clues: Clues, request: HttpRequest) -> WireError:
    """That a service of which there is but an extract may have the operation, and that it is not offered."""
    unoffered = signed_for(found.signing_name, clues, request)
    assert unoffered is not None, "an extract is of a service of AWS"
    return NotOffered(unoffered)


def _unsigned_service(clues: Clues, request: HttpRequest) -> Service:
    found = _by_target(clues) or _by_version(request) or _by_path(request) or _by_host(clues)
    if found is None:
        unsigned = unsigned_operation(clues, *_action_of(request))
        if unsigned is not None:
            raise NotOffered(unsigned)
        raise WireError("MissingAuthenticationToken", "Request is missing Authentication Token", _guess(clues))
    return found


def _by_host(clues: Clues) -> Service | None:
    return None if clues.host is None else service(clues.host)


def _by_target(clues: Clues) -> Service | None:
    prefixes = {target.rpartition(".")[0] for target in clues.targets}
    found = [_by_target_prefix().get(prefix) for prefix in prefixes]
    return found[0] if len(found) == 1 else None


def _by_version(request: HttpRequest) -> Service | None:
    """Among services of the query protocols each has an API version of its own."""
    return _by_api_version().get(_action_of(request)[1])


def _action_of(request: HttpRequest) -> tuple[str, str]:
    """Action and Version of the query protocols, whatever else the request may be; empty for what is not there once."""
    if request.path != _ROOT:
        return "", ""
    try:
        fields = read_both(request.query, request.body)
    except Unreadable:
        return "", ""
    actions, versions = ([value for name, value in fields if name == wanted] for wanted in ("Action", "Version"))
    return actions[0] if len(actions) == 1 else "", versions[0] if len(versions) == 1 else ""


def _by_path(request: HttpRequest) -> Service | None:
    try:
        query = read_query(request.query)
        for candidate in _services_speaking(Protocol.REST_JSON):
            if rest_paths.find(candidate, request.method, request.path, query):
                return candidate
    except Unreadable:
        pass
    return None


def _query(found: Service, request: HttpRequest, clues: Clues) -> Routed:
    if clues.targets:
        raise Unreadable("X-Amz-Target does not belong to this service")
    in_path = None if request.path == _ROOT else queue_in(found, request)
    if (request.path != _ROOT and in_path is None) or request.method not in ("GET", "POST"):
        raise WireError("InvalidAction", f"There is nothing at {request.method} {request.path}", found)
    if request.body and (request.method == "GET" or clues.media_type not in ("", _FORM)):
        raise Unreadable(f"Parameters are read from the query string and from a POST's {_FORM} body")
    fields = parameters(request.query, request.body)
    if in_path is not None:
        fields = at_queue(in_path, fields)
    action, version = fields.get("Action"), fields.get("Version", _NO_VERSION)
    if not action:
        raise WireError("MissingAction", "The request is missing an action or a required parameter.", found)
    operation = found.operations.get(action)
    if operation is None and found.name in EXTRACTS:
        raise _left_out(found, clues, request)
    if operation is None or version != found.api_version:
        raise WireError("InvalidAction", f"Could not find operation {action} for version {version}", found)
    return Routed(operation=operation, fields=fields)


def _json(found: Service, request: HttpRequest, clues: Clues) -> Routed:
    if len(clues.targets) > 1:
        raise Unreadable("X-Amz-Target is given more than once")
    prefix, _, name = clues.targets[0].rpartition(".") if clues.targets else ("", "", "")
    operation = found.operations.get(name)
    if operation is None or prefix != found.target_prefix or request.method != "POST" or request.path != _ROOT:
        raise WireError("UnknownOperationException", "The requested operation is not recognized by the service.", found)
    return Routed(operation=operation)


def _rest_json(found: Service, request: HttpRequest, clues: Clues) -> Routed:
    if clues.targets:
        raise Unreadable("X-Amz-Target does not belong to this service")
    query = read_query(request.query)
    match = rest_paths.find(found, request.method, request.path, query)
    if match is None:
        raise WireError("UnknownOperationException", "The requested operation is not recognized by the service.", found)
    operation, labels = match
    return Routed(operation=operation, labels=labels, query=query)


_ROUTES: Mapping[Protocol, Callable[[Service, HttpRequest, Clues], Routed]] = {
    Protocol.QUERY: _query,
    Protocol.EC2: _query,
    Protocol.JSON: _json,
    Protocol.REST_JSON: _rest_json,
}


def _guess(clues: Clues) -> Where:
    """The protocol to tell an error in if the service is not known."""
    if clues.targets or clues.media_type in _JSON_MEDIA_TYPES:
        return Protocol.JSON
    return Protocol.REST_JSON if clues.media_type == "application/json" else Protocol.QUERY


def _services_speaking(protocol: Protocol) -> list[Service]:
    return [found for name in SERVICES if (found := service(name)).protocol is protocol]


@cache
def _by_signing_name() -> Mapping[str, Service]:
    return {service(name).signing_name: service(name) for name in SERVICES}


@cache
def _by_target_prefix() -> Mapping[str, Service]:
    return {found.target_prefix: found for found in _services_speaking(Protocol.JSON)}


@cache
def _by_api_version() -> Mapping[str, Service]:
    return {found.api_version: found for form in (Protocol.QUERY, Protocol.EC2) for found in _services_speaking(form)}
