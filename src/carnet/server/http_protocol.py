"""One HTTP/1.1 connection: requests in, answers out, in their order.

uvicorn's own protocol runs every request as an ASGI task, which costs more than authenticating and deciding it. This
one decides in the very call that brings the last byte of a request, and the answer leaves before the loop waits again.
Only what takes a while, a change of the store, is waited for in a task, and the requests behind it wait with it.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Task, Transport
from collections import deque
from collections.abc import Coroutine, Iterable
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr, is_ssl
from uvicorn.server import ServerState

from carnet.base.http import HttpRequest, HttpResponse
from carnet.server.door import Door
from carnet.server.outbox import Answer
from carnet.server.patience import Patience
from carnet.server.request_reader import RequestReader, RequestRefused

_LOG = logging.getLogger(__name__)

REQUEST_SECONDS = 20.0
"""How long a client may take to send a request, or after connecting to begin one."""
IDLE_SECONDS = 75.0
"""How long a client may send nothing after an answer: longer than the 60 seconds that AWS's SDKs keep a connection."""
MOST_AT_ONCE = 32
"""How many requests of one connection are answered before others have their turn."""
LINGER_SECONDS = 2.0
"""How long a client that is refused may go on sending what nobody reads."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE = "connection: close\r\n"


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
        self._most_connections = config.limit_concurrency or 0
        self._state = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._patience = Patience(self._loop, self._too_late)
        self._transport: Transport
        self._reader: RequestReader
        self._waiting: deque[HttpRequest] = deque()
        """Requests that have arrived and whose turn has not come."""
        self._answering: Task[None] | None = None
        self._unsent = 0
        """Answers that are in the outbox."""
        self._write_paused = False
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
        address = get_remote_addr(self._transport)
        self._reader = RequestReader(
            address[0] if address is not None else "",
            secure=is_ssl(self._transport),
            deliver=self._arrived,
            go_on=self._go_on,
        )
        self._state.connections.add(self)  # type: ignore[arg-type]  # as good as uvicorn's own
        self._patience.wait(REQUEST_SECONDS)
        if len(self._state.connections) > self._most_connections > 0:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "There are too many connections.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._state.connections.discard(self)
        self._patience.stop()
        self._waiting.clear()

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
                self._patience.wait(REQUEST_SECONDS)

    def eof_received(self) -> bool:
        """The client sends nothing more: whether it is still to be answered. Over TLS there is no such half."""
        self._outbox.flush()
        self._ending = True
        return not self._is_done and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        self._write_paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._write_paused = False
        self._answer_waiting()

    def shutdown(self) -> None:
        """End when what has begun to arrive is answered."""
        self._stopping = True
        if self._is_done:
            self._transport.close()

    @property
    def _is_done(self) -> bool:
        """Whether nobody waits for an answer that can still come."""
        return not (self._unsent or self._answering or self._waiting or (self._reader.under_way and not self._ending))

    def _arrived(self, request: HttpRequest, keep_alive: bool) -> None:
        if self._ending or self._transport.is_closing():
            return
        self._owes_request = False
        self._ending = not keep_alive
        enough = self._answered_at_once >= MOST_AT_ONCE
        if enough or self._answering is not None or self._write_paused or self._waiting:
            if enough and not self._waiting:
                self._loop.call_soon(self._answer_waiting)
            self._waiting.append(request)
            self._transport.pause_reading()
        else:
            self._answered_at_once += 1
            self._answer(request)

    def _answer(self, request: HttpRequest) -> None:
        try:
            answer = self._door.answer(request)
        except Exception:
            self._fail()
            return
        if isinstance(answer, Answer):
            self._put(request, answer)
            return
        self._patience.forget()
        self._answering = task = self._loop.create_task(self._answer_later(request, answer))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    async def _answer_later(self, request: HttpRequest, coming: Coroutine[Any, Any, Answer]) -> None:
        try:
            answer = await coming
        except Exception:
            self._answering = None
            self._fail()
        else:
            self._answering = None
            self._put(request, answer)
        self._answer_waiting()

    def _answer_waiting(self) -> None:
        for _ in range(MOST_AT_ONCE):
            if not self._waiting or self._answering is not None or self._write_paused:
                break
            self._answer(self._waiting.popleft())
        if self._waiting and self._answering is None and not self._write_paused:
            self._loop.call_soon(self._answer_waiting)
        elif not (self._waiting or self._write_paused or self._transport.is_closing()):
            self._transport.resume_reading()

    def _put(self, request: HttpRequest, answer: Answer) -> None:
        """Hand an answer to the outbox, where nobody can receive it too, for its event's sake."""
        if not self._hung_up:
            self._unsent += 1
            self._patience.forget()
        self._outbox.put(answer, partial(self._send, request, answer))

    def _send(self, request: HttpRequest, answer: Answer, unaudited: str | None) -> None:
        if self._hung_up or self._transport.is_closing():
            return
        self._unsent -= 1
        if self._answering is None:
            self._patience.wait(REQUEST_SECONDS if self._owes_request else IDLE_SECONDS)
        last = (self._ending or self._stopping) and self._is_done
        try:
            response = answer.sent(unaudited)
            head = _head(response, self._state.default_headers, last=last)
        except Exception:
            self._fail()
            return
        self._transport.write(head + _body(request, response))
        if last:
            self._transport.close()

    def _go_on(self) -> None:
        """Tell the client to send the body, unless that could be taken for the answer to another request."""
        self._outbox.flush()
        if self._answering is None and not self._waiting and not self._ending:
            self._transport.write(_CONTINUE)

    def _too_late(self) -> None:
        if self._owes_request and not self._ending:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time.")
        else:
            self._transport.abort()  # It is idle, or does not read what it was answered, which `close` would wait for.

    def _fail(self) -> None:
        _LOG.exception("a request failed")
        self._outbox.flush()
        # INVARIANT: no answer is taken for that of another request: those behind one that gets none get none either. A
        # change behind it goes on, for nobody to hear of.
        self._unsent = 0
        self._answering = None
        self._waiting.clear()
        self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "An internal error occurred.")

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """Say why, unless others are still to be answered, and end."""
        self._outbox.flush()
        self._ending = True
        if self._is_done and not self._hung_up and not self._transport.is_closing():
            refusal = HttpResponse(status=status, headers=(("content-type", "text/plain"),), body=f"{why}\n".encode())
            self._transport.write(_head(refusal, (), last=True) + refusal.body)
            self._hang_up()
        if self._answering is None:
            self._patience.wait(LINGER_SECONDS)

    def _hang_up(self) -> None:
        """End, and let the client go on sending for a moment: were its bytes refused, it would not see the answer."""
        self._hung_up = True
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()


def _head(response: HttpResponse, default_headers: Iterable[tuple[bytes, bytes]], *, last: bool) -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in response.headers])
    if lines.count("\n") != len(response.headers) or lines.count("\r") != len(response.headers):
        raise ValueError("a line break in a header")
    return (
        f"{_STATUS_LINES[response.status]}{_default_lines(tuple(default_headers))}{lines}"
        f"content-length: {len(response.body)}\r\n{_CLOSE if last else ''}\r\n"
    ).encode("ascii")


@lru_cache(1)
def _default_lines(headers: tuple[tuple[bytes, bytes], ...]) -> str:
    """The date, which changes once a second."""
    return "".join([f"{name.decode('ascii')}: {value.decode('ascii')}\r\n" for name, value in headers])


def _body(request: HttpRequest, response: HttpResponse) -> bytes:
    return b"" if request.method == "HEAD" else response.body
