"""One HTTP/1.1 connection: requests in, answers out, in their order.

uvicorn's own protocol runs every request as an ASGI task, which costs more than authenticating and deciding it. This
one decides in the very call that brings the last byte of a request, and the answer leaves before the loop waits again.
Only what takes a while, a change of the store or a body that is streamed, is waited for in a task, and the requests
behind it wait with it.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Transport
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr, is_ssl
from uvicorn.server import ServerState

from carnet.base.http import HttpRequest, RequestHead
from carnet.identity.networks import network_key
from carnet.server.fairness.shares import Flow
from carnet.server.frontend import Frontend
from carnet.server.http.body_stream import BodyStream
from carnet.server.http.ending import Ending
from carnet.server.http.patience import Patience
from carnet.server.http.replies import Replies
from carnet.server.http.request_reader import Client, RequestReader
from carnet.server.http.request_refused import RequestRefused, too_many
from carnet.server.http.sending import CONTINUE, refusal
from carnet.server.http.streaming import Room
from carnet.server.http.turns import Arriving, Turns
from carnet.server.http.unread import Unread
from carnet.server.listening.connections import Place
from carnet.server.outbox import Answer

_LOG = logging.getLogger(__name__)


class HttpProtocol(asyncio.Protocol):
    """A connection. uvicorn makes it, counts it, and asks it to `shutdown` when the server stops."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        frontend = config.loaded_app
        assert isinstance(frontend, Frontend)
        self._frontend = frontend
        self._outbox = frontend.outbox
        self._limits = frontend.limits
        self.place: Place | None = None
        """Among the connections of the process."""
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._patience = Patience(self._loop, self._too_late)
        self._transport: Transport
        self._reader: RequestReader
        self._unread: Unread
        self._room: Room
        self._turns: Turns
        self._awaited: BodyStream | None = None
        """The body that is waited for."""
        self._reading = False
        self._reads_later = False
        """Whether what is not read yet is to be read when it is the turn of this connection."""
        self._overfull: RequestRefused | None = None
        """Why the newest request is not answered."""
        self._owes_request = True
        """Whether the client is waited for in the middle of a request, or for its first one."""
        self._ending: Ending
        self._replies: Replies

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(Transport, transport)
        self._room = Room(self._transport, self._patience, self._limits.stall_seconds)
        address = get_remote_addr(self._transport)
        peer = address[0] if address is not None else ""
        self._turns = Turns(
            self._loop,
            self._state.tasks,
            self._room,
            self._patience,
            self._frontend.shares,
            Flow("", network_key(peer)),
            self._frontend.bodies,
            answer=self._answer,
            press_back=self._press_back,
        )
        self._ending = Ending(self._transport, self._patience, self._limits.linger_seconds, is_done=self._is_done)
        self._replies = Replies(
            self._transport,
            self._outbox,
            self._turns,
            self._room,
            self._ending,
            default_headers=lambda: self._state.default_headers,
            sent=self._wait_for_request,
            failed=self._fail,
        )
        self._unread = Unread(self._frontend.bodies)
        self._reader = RequestReader(
            Client(peer, is_ssl(self._transport), _tls_version(self._transport)),
            receiver=self,
            streams=bool(self._frontend.streaming),
            limits=self._limits,
            bodies=self._frontend.bodies,
        )
        self._state.connections.add(self)  # type: ignore[arg-type]  # in the place of uvicorn's own protocols
        self._patience.wait(self._limits.request_seconds)
        if self.place is not None:
            self.place.end = self._transport.abort

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.connections.discard(self)
        if self.place is not None:
            self.place.leave()
        self._patience.stop()
        self._turns.give_up()
        self._unread.drop()
        self._reader.cut(_ended_early())

    def data_received(self, data: bytes) -> None:
        if self._ending.reads:
            self._unread.put(data)
            self._read_on()

    def _read_on(self) -> None:
        """Read what came, as long as those who sent it have a share left to be answered from."""
        shares, flow = self._frontend.shares, self._turns.flow
        shares.begin()
        self._reading, self._reads_later = True, False
        refused: RequestRefused | None = None
        while self._unread.rest and self._ending.reads and not self._is_pressed() and refused is None:
            refused = self._read_piece(self._unread.piece(self._reader.body_to_come))
        self._reading = False
        if not self._ending.reads:
            self._unread.drop()
        elif refused is None and not self._unread.keep(proven=self._reader.proven):
            refused = too_many()
        if refused is not None:
            self._refuse(refused.status, refused.why)
        else:
            self._await_request()
        shares.spend(flow)

    def _read_piece(self, piece: memoryview) -> RequestRefused | None:
        """Read a piece of what came; why it is refused."""
        try:
            self._reader.feed(piece, more=bool(self._unread.rest))
        except RequestRefused as refused:
            return refused
        return self._overfull

    def _await_request(self) -> None:
        """What came is read, or waits: a request that is not there whole is waited for."""
        if self._reader.under_way and not self._owes_request:
            self._owes_request = True
            if self._turns.held is None:
                self._patience.wait(self._limits.request_seconds)
        if self._unread.rest or self._reader.stream is not None:
            self._press_back()

    def eof_received(self) -> bool:
        """The client sends nothing more: whether it is still to be answered. Over TLS there is no such half."""
        self._outbox.flush()
        self._ending.reads = False
        self._reader.cut(_ended_early())
        return not self._is_done() and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._room.is_full = True
        self._press_back()

    def resume_writing(self) -> None:
        self._room.empty()
        self._turns.go_on()

    def shutdown(self) -> None:
        """End when what has begun to arrive is answered."""
        self._ending.server_stops = True
        self._frontend.close()
        self._ending.close_if_due()

    def _is_done(self) -> bool:
        """Whether nobody waits for an answer that can still come."""
        return not (
            self._replies.unsent
            or self._turns.held
            or self._turns.waiting
            or (self._ending.reads and (self._reader.under_way or self._unread.rest))
        )

    def arrived(self, request: HttpRequest, *, keep_alive: bool) -> None:
        """A request is there whole."""
        if not self._ending.reads or self._transport.is_closing():
            return
        self._ending.reads = keep_alive
        self._owes_request = False
        self._take(request)

    def begun(self, head: RequestHead, *, expected: bool) -> BodyStream | None:
        """A head is there."""
        if not self._ending.reads or self._transport.is_closing():
            return None
        by = next((one for one in self._frontend.streaming if one.takes(head)), None)
        if by is None:
            return None
        body = BodyStream(most=self._limits.buffer, expected=expected, wait=self._body_awaited)
        self._owes_request = False
        self._take(Arriving(head, body, by))
        return body

    def _take(self, request: HttpRequest | Arriving) -> None:
        if not self._turns.take(request):
            self._overfull = too_many()

    def ended(self, *, keep_alive: bool) -> None:
        """The body of a request that has begun is there."""
        self._owes_request = False
        self._ending.reads = self._ending.reads and keep_alive

    def go_on(self) -> None:
        """Tell the client to send the body, unless that could be taken for the answer to another request."""
        self._outbox.flush()
        if self._turns.held is None and not self._turns.waiting and self._ending.reads:
            self._transport.write(CONTINUE)

    def _answer(self, request: HttpRequest | Arriving) -> None:
        if isinstance(request, Arriving):
            self._turns.hold(self._answer_arriving(request), ends_with_client=False)
            return
        try:
            answer = self._frontend.answer(request)
        except Exception:
            self._fail()
            return
        if isinstance(answer, Answer):
            self._put(request, None, answer)
            return
        self._turns.hold(self._answer_later(request, None, answer), ends_with_client=False)

    async def _answer_arriving(self, request: Arriving) -> None:
        await self._answer_later(request.head, request.body, request.by.answer(request.head, request.body))

    async def _answer_later(
        self, request: RequestHead, body: BodyStream | None, coming: Coroutine[Any, Any, Answer]
    ) -> None:
        try:
            answer = await coming
        except Exception as problem:
            self._turns.let_go()
            if body is not None:
                body.close()
            if isinstance(problem, RequestRefused):
                self._refuse(problem.status, problem.why)
            else:
                self._fail()
        else:
            self._turns.let_go()
            self._put(request, body, answer)
        self._turns.go_on()

    def _press_back(self) -> None:
        """Read on, or not, as what has been read and what has been written are taken."""
        if self._transport.is_closing():
            return
        if self._is_pressed() or self._unread.rest:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
        if self._unread.rest and not (self._is_pressed() or self._reading or self._reads_later):
            self._reads_later = True
            self._frontend.shares.wait(self._turns.flow, self._read_on)

    def _is_pressed(self) -> bool:
        stream, turns = self._reader.stream, self._turns
        return bool(turns.waiting or turns.pauses or self._room.is_full or (stream is not None and stream.is_full))

    def _body_awaited(self, body: BodyStream, begins: bool) -> None:
        """The frontend begins or ends to wait for a body."""
        self._press_back()
        if not begins:
            self._awaited = None
            self._patience.forget()
            return
        self._awaited = body
        self._patience.wait(self._limits.stall_seconds)
        if body.expected and self._ending.reads:
            body.expected = False
            self._outbox.flush()
            self._transport.write(CONTINUE)

    def _put(self, request: RequestHead, body: BodyStream | None, answer: Answer) -> None:
        if self._ending.writes:
            self._patience.forget()
        if answer.account:
            self._turns.flow = Flow(answer.account)
            self._reader.proven = True
            if self.place is not None:
                self.place.prove(answer.account)
        if answer.pause:
            self._turns.pause(answer.pause)
        self._replies.put(request, body, answer)

    def _wait_for_request(self) -> None:
        """An answer is sent."""
        if self._turns.held is None:
            self._patience.wait(self._limits.request_seconds if self._owes_request else self._limits.idle_seconds)

    def _too_late(self) -> None:
        if self._awaited is not None:
            self._awaited.fail(RequestRefused(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time."))
        elif not self._room.is_awaited and self._owes_request and self._ending.reads:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
        else:
            self._transport.abort()  # It is idle, or does not read what it was answered, which `close` would wait for.

    def _fail(self) -> None:
        _LOG.exception("a request failed")
        self._outbox.flush()
        # INVARIANT: no answer is taken for that of another request: those behind one that gets none get none either. A
        # change behind it goes on, for nobody to hear of.
        self._replies.unsent = 0
        self._turns.give_up()
        self._turns.let_go()
        self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "An internal error occurred.")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """Say why, unless others are still to be answered, and end."""
        self._outbox.flush()
        self._ending.reads, self._ending.refuses = False, True
        if self._is_done() and self._ending.writes and not self._transport.is_closing():
            self._transport.write(refusal(status, why))
            self._ending.hang_up()
        elif self._turns.held is None:
            self._ending.linger()


def _ended_early() -> RequestRefused:
    return RequestRefused(HTTPStatus.BAD_REQUEST, "The request ended early.")


def _tls_version(transport: Transport) -> str:
    """As conditions have it: `1.3`. Empty without TLS."""
    used = transport.get_extra_info("ssl_object")
    return (used.version() or "").removeprefix("TLSv") if used is not None else ""
