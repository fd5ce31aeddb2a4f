"""How far a request has come. Each step holds the one before it, and nothing in it is missing or changes.

`server/app.py` takes a request from one step to the next; its audit event is made of the last that it reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from carnet import models
from carnet.base.http import HttpRequest
from carnet.identity.caller import AccountCaller, Caller, Federated


class Arrived(Struct, frozen=True, kw_only=True):
    """A request as it came in, and when."""

    request_id: str
    event_id: str
    time: datetime
    http: HttpRequest


class Routed(Struct, frozen=True, kw_only=True):
    """A request of which it is known what it asks for."""

    arrived: Arrived
    operation: models.Operation
    event_source: str
    """The service as CloudTrail calls it, `iam.amazonaws.com`."""
    read_only: bool


class Authenticated(Struct, frozen=True, kw_only=True):
    """A request of which it is known who makes it."""

    routed: Routed
    caller: Caller


class Parsed(Struct, frozen=True, kw_only=True):
    """A request whose input is read. Whether it keeps the model's constraints comes next."""

    authenticated: Authenticated
    given: Mapping[str, Any]
    """The input, by the model's member names."""


Step = Arrived | Routed | Authenticated | Parsed


def caller_of(step: Step) -> Caller | None:
    """Who makes the request, once that is known."""
    match step:
        case Parsed():
            return step.authenticated.caller
        case Authenticated():
            return step.caller
        case Routed() | Arrived():
            return None


def account_of(step: Step) -> str:
    """The account of a caller who is proven; else empty."""
    caller = caller_of(step)
    return caller.principal.account if caller is not None else ""


def arrived_of(step: Step) -> Arrived:
    """The request as it came in."""
    match step:
        case Parsed():
            return step.authenticated.routed.arrived
        case Authenticated():
            return step.routed.arrived
        case Routed():
            return step.arrived
        case Arrived():
            return step


def identified(parsed: Parsed, made: object) -> Parsed:
    """The call as one by the caller whom its preparation has found out; `made` is whatever that gave."""
    if not isinstance(made, Federated):
        return parsed
    return Parsed(authenticated=Authenticated(routed=parsed.authenticated.routed, caller=made), given=parsed.given)


class ForUnoffered(Struct, frozen=True, kw_only=True):
    """A request for a service of AWS that is not offered here. What it asks of it is not read before who asks."""

    arrived: Arrived
    event_source: str
    event_name: str | None = None
    """The operation, if it is one that nobody signs."""


class AskedUnoffered(Struct, frozen=True, kw_only=True):
    """A request for such a service of which it is known who makes it, and what it asks, as far as that is told."""

    routed: ForUnoffered
    caller: AccountCaller
    event_name: str | None
    read_only: bool


UnofferedStep = ForUnoffered | AskedUnoffered
