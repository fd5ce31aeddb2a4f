"""A made-up frontend that streams: it counts, echoes and gives bodies, and notes what it holds and what it did."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from carnet.audit.log_files import JsonLines
from carnet.base.http import ByteStream, HttpRequest, HttpResponse, RequestHead, StreamedResponse
from carnet.server.frontend import Frontend
from carnet.server.http.request_refused import RequestRefused
from carnet.server.limits import BodyBudget, Limits
from carnet.server.outbox import Answer, Outbox

EVENT = b'{"event":1}\n'
PIECE = b"x" * 50_000


class EchoFrontend(Frontend):
    """What a path asks for: `/count` and `/refuse` answer whole, `/echo` and `/give/<bytes>/<kind>` stream.

    The kind is `length`, `chunks`, `short` (of its length), `long`, `fails` (of a known length) or `breaks` (of none).
    """

    def __init__(self, directory: Path, *, limits: Limits | None = None, bodies: BodyBudget | None = None) -> None:
        self.log = directory / "audit.jsonl"
        super().__init__(
            Outbox(JsonLines(self.log)), on_start=lambda _: None, on_stop=lambda: None, limits=limits, bodies=bodies
        )
        self.streaming = (self.Bodies(self),)
        self.held: Callable[[], int] = lambda: 0
        """How many bytes the server holds for its connections."""
        self.most_held = 0
        self.notes: list[str] = []
        """What became of bodies: `cut`, `given`, `closed` (once each), `begun without an event`."""

    def note_held(self, piece: bytes) -> None:
        self.most_held = max(self.most_held, self.held() + len(piece))

    def answer(self, request: HttpRequest) -> Answer:
        given = re.fullmatch("/give/([0-9]+)/([a-z]+)", request.path)
        if given is None:
            return told(f"whole {len(request.body)}")
        size, kind = int(given[1]), given[2]
        length = {"length": size, "short": size + 1, "long": size - 1, "fails": size}.get(kind)
        body = Given(self, size, fails=kind in ("fails", "breaks"))
        response = StreamedResponse(status=200, headers=(), body=body, length=length)
        return Answer(response=response, event=EVENT, unaudited=lambda why: text(why, 503))

    class Bodies:
        """What the frontend does with streamed bodies."""

        def __init__(self, frontend: EchoFrontend) -> None:
            self._frontend = frontend

        def takes(self, head: RequestHead) -> bool:
            return head.path in ("/echo", "/count", "/refuse")

        async def answer(self, head: RequestHead, body: ByteStream) -> Answer:
            if head.path == "/refuse":
                return told("refused", 403)
            if head.path == "/echo":
                return Answer(
                    response=StreamedResponse(status=200, headers=(), body=Echo(self._frontend, body)), event=EVENT
                )
            try:
                total = 0
                async for piece in body:
                    total += len(piece)
                    self._frontend.note_held(piece)
            except RequestRefused:
                self._frontend.notes.append("cut")
                raise
            return told(f"counted {total}")


def text(sentence: str, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, headers=(), body=sentence.encode())


def told(sentence: str, status: int = 200) -> Answer:
    return Answer(response=text(sentence, status), event=EVENT)


class Echo:
    """The body of a request as the body of its answer."""

    def __init__(self, frontend: EchoFrontend, body: ByteStream) -> None:
        self._frontend = frontend
        self._body = body
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._body.__anext__()
        self._frontend.note_held(piece)
        return piece

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._frontend.notes.append("closed")
        await self._body.aclose()


class Given:
    """A body of so many bytes; one that fails does so before its last piece."""

    def __init__(self, frontend: EchoFrontend, size: int, *, fails: bool) -> None:
        self._frontend = frontend
        self._left = size
        self._fails = fails
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if EVENT not in self._frontend.log.read_bytes():
            self._frontend.notes.append("begun without an event")
        if not self._left:
            self._frontend.notes.append("given")
            raise StopAsyncIteration
        piece = PIECE[: self._left]
        self._left -= len(piece)
        if self._fails and not self._left:
            raise RuntimeError("unforeseen")
        self._frontend.note_held(piece)
        return piece

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._frontend.notes.append("closed")


def held_by(connections: Any) -> int:
    """What the connections of a server hold of bodies, in both directions."""
    total = 0
    for connection in list(connections):
        stream = connection._reader.stream
        total += connection._transport.get_write_buffer_size() + (stream.held if stream is not None else 0)
    return total
