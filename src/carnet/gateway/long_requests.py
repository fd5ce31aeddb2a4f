"""Requests that are longer than the frontend's limit, for services behind the gateway that take them.

The signer is known only when the whole request has arrived, because the signature covers the hash of the body.
INVARIANT: until then it takes memory of a limited amount, of which no account gets more than half, and no network
more than one request may take. A request that names no valid key, or an operation without long requests, is not read.
So an attacker who knows an access key id leaves, from one network, 29 MB to its account.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus

from msgspec import Struct, structs

from carnet.audit.steps import Arrived
from carnet.base.faults import Unavailable
from carnet.base.http import ByteStream, RequestHead
from carnet.gateway.answers import failed
from carnet.gateway.call import routed
from carnet.gateway.longest import LONGEST, longest, too_long
from carnet.gateway.s3.arriving import as_request
from carnet.gateway.s3.parts import StreamingParts
from carnet.gateway.upstreams.room import Room
from carnet.identity.credential import FindCredential
from carnet.identity.networks import network_of
from carnet.models import Operation, Protocol, Service
from carnet.protocols.errors import WireError
from carnet.protocols.routing import route, route_to
from carnet.protocols.unoffered import NotOffered, Unoffered
from carnet.server.http.request_refused import RequestRefused
from carnet.server.limits import Limits
from carnet.server.outbox import Answer
from carnet.sigv4.verify import named_credential

_USUAL = Limits()
_ROOM = 192 * 1024 * 1024
"""In bytes of bodies. While a body is parsed and rebuilt, it takes about four times its size."""
_PATIENCE = 20.0
"""How many seconds a request waits for room."""
_SLOWEST = 128 * 1024
"""How many bytes per second a client has to send in order to keep its part of the room."""

Respond = Callable[[Arrived, Unoffered], Awaitable[Answer]]


class Long(Struct, frozen=True, kw_only=True):
    """What is known about a long request before its body has arrived."""

    unoffered: Unoffered
    service: Service
    operation: Operation | None
    """None if the body says which."""
    account: str
    """The account of the access key that the request names, whoever has sent it."""
    length: int
    most: int


class LongRequests:
    """The frontend's `Streaming` for long requests. `respond` answers one that has arrived whole."""

    def __init__(
        self,
        takes: Callable[[Unoffered], bool],
        spoken: Callable[[Unoffered], Service],
        respond: Respond,
        find: FindCredential,
        parts: StreamingParts,
        room: int = _ROOM,
    ) -> None:
        self._takes = takes
        self._spoken = spoken
        self._respond = respond
        self._find = find
        self._parts = parts
        self._of_accounts = Room(room)
        self._of_networks = Room(room, LONGEST)

    def takes(self, head: RequestHead) -> bool:
        """Whether a request is a long one. If it is too long for its operation, `answer` says so."""
        return self._long(head) is not None

    def _long(self, head: RequestHead) -> Long | None:
        length = int(head.first.get("content-length", 0))
        if length <= _USUAL.body:
            return None
        request = as_request(head)
        try:
            route(request)
        except NotOffered as other:
            unoffered = other.asked
        except WireError:
            return None
        else:
            return None
        if not self._takes(unoffered):
            return None
        service, operation = self._spoken(unoffered), None
        if service.protocol is not Protocol.QUERY:  # in that protocol the body names the operation
            try:
                operation = route_to(service, request).operation
            except WireError:
                return None
        most = longest(unoffered.name, operation.name if operation is not None else "", head)
        named = named_credential(head, service=unoffered.signing_name, find=self._find) if most else None
        if named is None:
            return None
        return Long(
            unoffered=unoffered,
            service=service,
            operation=operation,
            account=named.principal.account,
            length=length,
            most=most,
        )

    async def answer(self, head: RequestHead, body: ByteStream) -> Answer:
        """Answer one request, with one audit event. Raises RequestRefused if its body does not arrive."""
        asked = self._long(head)
        if asked is None:  # its key was deleted since the frontend asked
            raise RequestRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request body is too long.")
        request_id, event_id = self._parts.ids.two_uuids()
        arrived = Arrived(request_id=request_id, event_id=event_id, time=self._parts.clock(), http=as_request(head))
        if asked.length > asked.most:
            where = asked.operation or asked.service
            problem = WireError("RequestEntityTooLarge", too_long(where, asked.most), where)
            return _answer_problem(asked, arrived, problem)
        try:
            async with self._hold_room(asked.account, network_of(head.peer), asked.length):
                whole = await _read_body(body, asked.length)
                request = structs.replace(arrived, time=self._parts.clock(), http=as_request(head, whole))
                del whole
                return await self._respond(request, asked.unoffered)
        except Unavailable as problem:
            return _answer_problem(asked, arrived, problem)

    @asynccontextmanager
    async def _hold_room(self, account: str, network: str, length: int) -> AsyncIterator[None]:
        """The parts of the rooms that a request takes; raises Unavailable if there is no room."""
        async with AsyncExitStack() as stack:
            for room, who in ((self._of_networks, network), (self._of_accounts, account)):
                try:
                    await room.take(who, _PATIENCE, length)
                except TimeoutError:
                    raise Unavailable("Too many long requests are arriving; try again later") from None
                stack.callback(room.give_back, who, length)
            yield


async def _read_body(body: ByteStream, length: int) -> bytes:
    """The whole body. Raises RequestRefused."""
    try:
        async with asyncio.timeout(_PATIENCE + length / _SLOWEST):
            return b"".join([piece async for piece in body])
    except TimeoutError:
        raise RequestRefused(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.") from None


def _answer_problem(asked: Long, arrived: Arrived, problem: Exception) -> Answer:
    operation = asked.operation
    step = arrived if operation is None else routed(arrived, operation)
    return failed(asked.service, step, problem)
