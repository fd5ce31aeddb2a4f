"""A made-up upstream: it reads whole requests, notes them, and answers each with the next of its scripted answers."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from msgspec.structs import replace

from carnet.gateway.upstreams.connection import Patience
from carnet.gateway.upstreams.upstream import Upstream

Serve = Callable[[StreamReader, StreamWriter], Awaitable[None]]
PATIENT = Patience(queue=60, connect=60, answer=60, stall=60, idle=60)
HASTY = replace(PATIENT, queue=0.2, answer=1.5, stall=0.5)
"""For an upstream that does not do what it is waited for: what is in time of another may be late on a busy machine."""
CLOSE = b"close"
"""In place of an answer: the connection ends."""


class Scripted:
    """Serves `answers`, one a request, over however many connections."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        """Head and body of each, as it came."""
        self.connections = 0
        self.writers: list[StreamWriter] = []

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [
                    int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length")
                ]
                body = await reader.readexactly(sum(lengths))
                self.requests.append(head + body)
                answer = self.answers.pop(0)
                if answer == CLOSE:
                    break
                writer.write(answer)
                await writer.drain()


@asynccontextmanager
async def upstream(serve: Serve, *, patience: Patience = PATIENT, most: int = 128) -> AsyncIterator[Upstream]:
    """A server that serves so, and the connections to it."""
    serving: set[asyncio.Task[None]] = set()

    async def tracked(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    to = Upstream(f"http://{host}:{port}", patience=patience, most=most)
    try:
        yield to
    finally:
        to.close()
        server.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


def answer(body: bytes = b"", *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer of known length."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
