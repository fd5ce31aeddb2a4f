"""A load of prepared HTTP requests over keep-alive connections, and the processor time that the server spent on it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True)
class Result:
    """Requests answered with 200, in so many seconds, costing the server so much processor time."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time of the server for one request, in microseconds."""
        return self.cpu_seconds / self.requests * 1e6


def signed(endpoint: str, service: str, body: str, credentials: Credentials) -> bytes:
    """A form POST for a query service, signed by botocore, as bytes for a socket."""
    request = AWSRequest(
        method="POST",
        url=endpoint + "/",
        data=body,
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    SigV4Auth(credentials, service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    headers = {"Host": urlsplit(endpoint).netloc, "Content-Length": str(len(body))} | dict(prepared.headers.items())
    lines = "".join(f"{name}: {_text(value)}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{lines}\r\n{body}".encode()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last one is whole, until the peer closes or time is up."""

    def __init__(self, requests: Iterator[bytes], deadline: float, status: int) -> None:
        self._requests = requests
        self._expected = f" {status} ".encode()
        self._deadline = deadline
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._problem: Exception | None = None
        self._answered = 0

    async def finished(self) -> int:
        """Wait for the end; how many answers came. Raises what went wrong."""
        await self._closed
        if self._problem is not None:
            raise self._problem
        return self._answered

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        if self._expected not in head.split(b"\r\n", 1)[0]:
            self._problem = RuntimeError((head + body)[:1000].decode(errors="replace"))
            self._close()
            return
        self._buffer = b""
        self._answered += 1
        if _CLOSES in head.lower():
            self._close()
        else:
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._closed.done():
            self._closed.set_result(None)

    def _next(self) -> None:
        assert self._transport is not None
        request = None if time.monotonic() > self._deadline else next(self._requests, None)
        if request is None:
            self._close()
        else:
            self._transport.write(request)

    def _close(self) -> None:
        assert self._transport is not None
        self._transport.close()


_CLOSES = b"\r\nconnection: close"


def _content_length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:"))


async def _caller(address: tuple[str, int], requests: Iterator[bytes], deadline: float, status: int) -> int:
    """One caller, who opens another connection when the server closes one; how many answers came."""
    loop = asyncio.get_running_loop()
    answered = 0
    while time.monotonic() < deadline:
        _, connection = await loop.create_connection(partial(_Connection, requests, deadline, status), *address)
        answers = await connection.finished()
        if not answers:
            break
        answered += answers
    return answered


async def _run(endpoint: str, requests: Iterator[bytes], connections: int, seconds: float, status: int) -> int:
    address = urlsplit(endpoint)
    assert address.hostname is not None
    assert address.port is not None
    callers = [
        _caller((address.hostname, address.port), requests, time.monotonic() + seconds, status)
        for _ in range(connections)
    ]
    return sum(await asyncio.gather(*callers))


def load(
    endpoint: str,
    requests: Sequence[bytes],
    *,
    pid: int,
    seconds: float,
    connections: int = 8,
    repeat: bool = True,
    status: int = 200,
) -> Result:
    """Send the requests, over and over where `repeat` is true, for so many seconds; every answer has the status."""
    source = cycle(requests) if repeat else iter(requests)
    cpu, start = cpu_seconds_of(pid), time.monotonic()
    answered = asyncio.run(_run(endpoint, source, connections, seconds, status))
    return Result(requests=answered, seconds=time.monotonic() - start, cpu_seconds=cpu_seconds_of(pid) - cpu)


def cpu_seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
