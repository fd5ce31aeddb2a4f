"""The people's answers on consent pages, as JSON: `{"kind": "client", "answer": "allow", ...}`."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from carnet.audit.events import Event
from carnet.audit.steps import Arrived
from carnet.base.http import HttpResponse, RequestHead
from carnet.console.sessions import SignedInBrowser
from carnet.entities.browser_session import HolderKind
from carnet.protocols.form import read_query
from carnet.protocols.unreadable import Unreadable
from carnet.server.own_api.problems import Problem

Reply = Literal["allow", "deny"]
Text = Annotated[str, Meta(max_length=16_384)]


class _Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """The common base of all answers."""


class FindDevice(_Given, frozen=True, kw_only=True, tag="find-device"):
    """The code that a device shows."""

    code: Annotated[str, Meta(max_length=64)]


class ReplyToDevice(_Given, frozen=True, kw_only=True, tag="device"):
    """The person's answer to the device that was found."""

    found: Text
    answer: Reply


class ReplyToClient(_Given, frozen=True, kw_only=True, tag="client"):
    """The person's answer to the request of a client."""

    query: Text
    """That of the page."""
    answer: Reply


class ReplyToLogin(_Given, frozen=True, kw_only=True, tag="login"):
    """The answer to a request of `aws login`."""

    query: Text
    answer: Reply


Given = FindDevice | ReplyToDevice | ReplyToClient | ReplyToLogin
_GIVEN: msgspec.json.Decoder[Given] = msgspec.json.Decoder(Given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the browser is told, `{"to": <where to go>}`, and the event that tells of it, if the log needs it."""

    members: dict[str, Any]
    event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A kind of consent that people are asked for."""

    show: Callable[[RequestHead, SignedInBrowser], HttpResponse]
    """The page. It may raise Problem or a Fault."""
    act: Callable[[Arrived, SignedInBrowser, Any], Coroutine[Any, Any, Answered]]
    takes: tuple[type[Given], ...]
    of: frozenset[HolderKind]
    """Whom it is asked of; others are sent to sign in."""
    sign_in: str
    """The page on which these sign in."""


def read_given(body: bytes) -> Given:
    """The answer in a body. Raises Problem."""
    try:
        return _GIVEN.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "InvalidRequest", "This answers nothing that is asked here.") from None


def fields_of(query: str) -> dict[str, str]:
    """The fields of a query string, each of which may occur once. Raises Problem."""
    try:
        pairs = read_query(query)
    except Unreadable:
        pairs = (("", ""), ("", ""))
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Problem(400, "InvalidRequest", "The address of this page cannot be read: start again in the client.")
    return fields
