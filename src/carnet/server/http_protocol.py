"""One HTTP/1.1 connection: requests in, answers out, in their order.

uvicorn's own protocol runs every request as an ASGI task, which costs more than authenticating and deciding it. This
one decides in the very call that brings the last byte of a request, and the answer leaves before the loop waits again.
Only what takes a while, a change of the store or a body that is streamed, is waited for in a task, and the requests
behind it wait with it.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Task, Transport
from collections import deque
from collections.abc import Coroutine
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr, is_ssl
from uvicorn.server import ServerState

from carnet.base.http import HttpRequest, HttpResponse, RequestHead, StreamedResponse
from carnet.server.body_stream import BodyStream
from carnet.server.door import Door, Streaming
from carnet.server.outbox import Answer
from carnet.server.patience import Patience
from carnet.server.request_reader import RequestReader, RequestRefused
from carnet.server.sending import CONTINUE, head, refusal, whole
from carnet.server.streaming import Framing, Room, send_streamed

_LOG = logging.getLogger(__name__)

MOST_AT_ONCE = 32
"""How many requests of one connection are answered before others have their turn."""


class Arriving(NamedTuple):
    """A request whose body is read while it arrives."""

    head: RequestHead
    body: BodyStream
    by: Streaming


class HttpProtocol(asyncio.Protocol):
    """A connection. uvicorn makes it, counts it, and asks it to `shutdown` when the server stops."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        door = config.loaded_app
        assert isinstance(door, Door)
        self._door = door
        self._outbox = door.outbox
        self._limits = door.limits
        self._most_connections = config.limit_concurrency or 0
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._patience = Patience(self._loop, self._too_late)
        self._transport: Transport
        self._reader: RequestReader
        self._room: Room
        self._waiting: deque[HttpRequest | Arriving] = deque()
        """Requests that have arrived and whose turn has not come."""
        self._answering: Task[None] | None = None
        self._streaming = False
        """Whether the task that answers streams a body, so whether it ends when the client goes away."""
        self._awaited: BodyStream | None = None
        """The body that is waited for."""
        self._unsent = 0
        """Answers that are in the outbox."""
        self._owes_request = True
        """Whether the client is waited for in the middle of a request, or for its first one."""
        self._ending = False
        """Whether nothing more is read."""
        self._hung_up = False
        """Whether nothing more can be written."""
        self._answered_at_once = 0
        """How many requests of the bytes that came last have been answered."""
        self._stopping = False
        """Whether the server stops: what has begun to arrive is answered, and nothing else."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(Transport, transport)
        self._room = Room(self._transport, self._patience, self._limits.stall_seconds)
        address = get_remote_addr(self._transport)
        self._reader = RequestReader(
            address[0] if address is not None else "",
            secure=is_ssl(self._transport),
            receiver=self,
            streams=self._door.streaming is not None,
            limits=self._limits,
            bodies=self._door.bodies,
        )
        self._state.connections.add(self)  # type: ignore[arg-type]  # as good as uvicorn's own
        self._patience.wait(self._limits.request_seconds)
        if len(self._state.connections) > self._most_connections > 0:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.connections.discard(self)
        self._patience.stop()
        self._waiting.clear()
        self._reader.cut(_ended_early())
        if self._streaming and self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._answered_at_once = 0
        try:
            self._reader.feed(data)
        except RequestRefused as refused:
            self._refuse(refused.status, refused.why)
            return
        if self._reader.under_way and not self._owes_request:
            self._owes_request = True
            if self._answering is None:
                self._patience.wait(self._limits.request_seconds)
        if self._reader.stream is not None:
            self._press_back()

    def eof_received(self) -> bool:
        """The client sends nothing more: whether it is still to be answered. Over TLS there is no such half."""
        self._outbox.flush()
        self._ending = True
        self._reader.cut(_ended_early())
        return not self._is_done and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._room.is_full = True
        self._press_back()

    def resume_writing(self) -> None:
        self._room.empty()
        self._answer_waiting()

    def shutdown(self) -> None:
        """End when what has begun to arrive is answered."""
        self._stopping = True
        self._door.close()
        if self._is_done:
            self._transport.close()

    @property
    def _is_done(self) -> bool:
        """Whether nobody waits for an answer that can still come."""
        return not (self._unsent or self._answering or self._waiting or (self._reader.under_way and not self._ending))

    def arrived(self, request: HttpRequest, *, keep_alive: bool) -> None:
        """A request is there whole."""
        if self._ending or self._transport.is_closing():
            return
        self._ending = not keep_alive
        self._take(request)

    def begun(self, head: RequestHead, *, expected: bool) -> BodyStream | None:
        """A head is there."""
        by = self._door.streaming
        if self._ending or self._transport.is_closing() or by is None or not by.takes(head):
            return None
        body = BodyStream(most=self._limits.buffer, expected=expected, wait=self._body_awaited)
        self._take(Arriving(head, body, by))
        return body

    def ended(self, *, keep_alive: bool) -> None:
        """The body of a request that has begun is there."""
        self._owes_request = False
        self._ending = self._ending or not keep_alive

    def go_on(self) -> None:
        """Tell the client to send the body, unless that could be taken for the answer to another request."""
        self._outbox.flush()
        if self._answering is None and not self._waiting and not self._ending:
            self._transport.write(CONTINUE)

    def _take(self, request: HttpRequest | Arriving) -> None:
        self._owes_request = False
        enough = self._answered_at_once >= MOST_AT_ONCE
        if enough or self._answering is not None or self._room.is_full or self._waiting:
            if enough and not self._waiting:
                self._loop.call_soon(self._answer_waiting)
            self._waiting.append(request)
            self._press_back()
        else:
            self._answered_at_once += 1
            self._answer(request)

    def _answer(self, request: HttpRequest | Arriving) -> None:
        if isinstance(request, Arriving):
            self._patience.forget()
            self._stream(self._answer_arriving(request))
            return
        try:
            answer = self._door.answer(request)
        except Exception:
            self._fail()
            return
        if isinstance(answer, Answer):
            self._put(request, None, answer)
            return
        self._patience.forget()
        self._answering = self._task(self._answer_later(request, None, answer))

    def _stream(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        self._answering = task = self._task(work)
        self._streaming = True
        return task

    def _task(self, work: Coroutine[Any, Any, None]) -> Task[None]:
        task = self._loop.create_task(work)
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)
        return task

    async def _answer_arriving(self, request: Arriving) -> None:
        await self._answer_later(request.head, request.body, request.by.answer(request.head, request.body))

    async def _answer_later(
        self, request: RequestHead, body: BodyStream | None, coming: Coroutine[Any, Any, Answer]
    ) -> None:
        try:
            answer = await coming
        except Exception as problem:
            self._answering, self._streaming = None, False
            if body is not None:
                body.close()
            if isinstance(problem, RequestRefused):
                self._refuse(problem.status, problem.why)
            else:
                self._fail()
        else:
            self._answering, self._streaming = None, False
            self._put(request, body, answer)
        self._answer_waiting()

    def _answer_waiting(self) -> None:
        for _ in range(MOST_AT_ONCE):
            if not self._waiting or self._answering is not None or self._room.is_full:
                break
            self._answer(self._waiting.popleft())
        if self._waiting and self._answering is None and not self._room.is_full:
            self._loop.call_soon(self._answer_waiting)
        else:
            self._press_back()

    def _press_back(self) -> None:
        """Read on, or not, as what has been read and what has been written are taken."""
        stream = self._reader.stream
        if self._transport.is_closing():
            return
        if self._waiting or self._room.is_full or (stream is not None and stream.is_full):
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _body_awaited(self, body: BodyStream, begins: bool) -> None:
        """The door begins or ends to wait for a body."""
        self._press_back()
        if not begins:
            self._awaited = None
            self._patience.forget()
            return
        self._awaited = body
        self._patience.wait(self._limits.stall_seconds)
        if body.expected and not self._ending:
            body.expected = False
            self._outbox.flush()
            self._transport.write(CONTINUE)

    def _put(self, request: RequestHead, body: BodyStream | None, answer: Answer) -> None:
        """Hand an answer to the outbox, even if nobody can receive it: its event is to be written."""
        if not self._hung_up:
            self._unsent += 1
            self._patience.forget()
        self._outbox.put(answer, partial(self._send, request, body, answer))

    def _send(self, request: RequestHead, body: BodyStream | None, answer: Answer, unaudited: str | None) -> None:
        if self._hung_up or self._transport.is_closing():
            self._drop(answer)
            return
        self._unsent -= 1
        if self._answering is None:
            self._wait_for_request()
        try:
            response = answer.sent(unaudited)
            if isinstance(response, StreamedResponse):
                self._send_streamed(request, body, response)
                return
            last = self._send_whole(request, body, response)
        except Exception:
            self._fail()
            self._drop(answer)
            return
        if response is not answer.response:
            self._drop(answer)
        if last:
            self._end_exchange(body)

    def _drop(self, answer: Answer) -> None:
        """Close the body of an answer that is not sent."""
        if isinstance(answer.response, StreamedResponse):
            self._task(answer.response.body.aclose())

    def _wait_for_request(self) -> None:
        self._patience.wait(self._limits.request_seconds if self._owes_request else self._limits.idle_seconds)

    def _send_whole(self, request: RequestHead, body: BodyStream | None, response: HttpResponse) -> bool:
        """Send an answer; whether the connection ends with it."""
        if body is not None and not body.ended:
            self._ending = True
        last = (self._ending or self._stopping) and self._is_done
        self._transport.write(whole(request, response, self._state.default_headers, last=last))
        return last

    def _send_streamed(self, request: RequestHead, body: BodyStream | None, response: StreamedResponse) -> None:
        framing = Framing(request, response)
        self._ending = self._ending or framing.by_end
        last = (self._ending or self._stopping) and self._is_done
        beginning = head(response, self._state.default_headers, framing=framing.line, last=last)
        if body is not None:
            body.expected = False  # What is sent from now on is the answer.
        self._transport.write(beginning)
        if framing.has_body:
            self._patience.forget()
            self._stream(self._send_body(body, response, framing)).add_done_callback(
                # Cancelled before its first step, it has closed nothing.
                lambda task: task.cancelled() and self._task(response.body.aclose())
            )
        else:
            self._task(response.body.aclose())
            self._end_exchange(body)

    async def _send_body(self, body: BodyStream | None, response: StreamedResponse, framing: Framing) -> None:
        if await send_streamed(response, framing, self._transport, self._room):
            self._answering, self._streaming = None, False
            self._wait_for_request()
            self._end_exchange(body)
            self._answer_waiting()

    def _end_exchange(self, body: BodyStream | None) -> None:
        """An answer is sent: end, if the connection is to end with it."""
        if body is not None:
            rest = not body.ended
            body.close()
            if rest:
                self._ending = True
                self._hang_up()
                self._patience.wait(self._limits.linger_seconds)
                return
        if (self._ending or self._stopping) and self._is_done:
            self._transport.close()

    def _too_late(self) -> None:
        if self._awaited is not None:
            self._awaited.fail(RequestRefused(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time."))
        elif not self._room.is_awaited and self._owes_request and not self._ending:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
        else:
            self._transport.abort()  # It is idle, or does not read what it was answered, which `close` would wait for.

    def _fail(self) -> None:
        _LOG.exception("a request failed")
        self._outbox.flush()
        # INVARIANT: no answer is taken for that of another request: those behind one that gets none get none either. A
        # change behind it goes on, for nobody to hear of.
        self._unsent = 0
        if self._streaming and self._answering is not None:
            self._answering.cancel()
        self._answering, self._streaming = None, False
        self._waiting.clear()
        self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "An internal error occurred.")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """Say why, unless others are still to be answered, and end."""
        self._outbox.flush()
        self._ending = True
        if self._is_done and not self._hung_up and not self._transport.is_closing():
            self._transport.write(refusal(status, why))
            self._hang_up()
        if self._answering is None:
            self._patience.wait(self._limits.linger_seconds)

    def _hang_up(self) -> None:
        """End, and let the client go on sending for a moment: were its bytes refused, it would not see the answer."""
        self._hung_up = True
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()


def _ended_early() -> RequestRefused:
    return RequestRefused(HTTPStatus.BAD_REQUEST, "The request ended early.")
