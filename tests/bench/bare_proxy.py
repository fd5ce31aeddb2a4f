"""The floor of a proxy in Python: on uvloop it reads both heads with httptools, as Carnet does, and decides nothing.

`python -m tests.bench.bare_proxy PORT UPSTREAM_PORT`
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

import httptools
import uvloop


class _FromUpstream(asyncio.Protocol):
    """The connection to the upstream that a client's connection has to itself."""

    def __init__(self, client: asyncio.WriteTransport, upstream: asyncio.Future[asyncio.WriteTransport]) -> None:
        self._client = client
        self._upstream = upstream
        self._reader = httptools.HttpResponseParser(_Heard())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._upstream.set_result(_writable(transport))

    def data_received(self, data: bytes) -> None:
        self._reader.feed_data(data)
        self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.close()


class _FromClient(asyncio.Protocol):
    """A connection of a client."""

    def __init__(self, upstream_port: int) -> None:
        self._port = upstream_port
        self._reader = httptools.HttpRequestParser(_Heard())
        self._upstream: asyncio.Future[asyncio.WriteTransport] = asyncio.get_running_loop().create_future()
        self._opening: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        upstream = _FromUpstream(_writable(transport), self._upstream)
        opened = asyncio.get_running_loop().create_connection(lambda: upstream, "127.0.0.1", self._port)
        self._opening = asyncio.ensure_future(opened)

    def data_received(self, data: bytes) -> None:
        self._reader.feed_data(data)
        if self._upstream.done():
            self._upstream.result().write(data)
        else:
            self._upstream.add_done_callback(lambda upstream: upstream.result().write(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self._upstream.add_done_callback(lambda upstream: upstream.result().close())


def _writable(transport: asyncio.BaseTransport) -> asyncio.WriteTransport:
    """uvloop's transports are not registered as asyncio's."""
    return cast(asyncio.WriteTransport, transport)


class _Heard:
    """What httptools tells of a head: Carnet needs its headers, and so they are made here, too."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []

    def on_message_begin(self) -> None:
        self.headers.clear()

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))


async def _serve(port: int, upstream_port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _FromClient(upstream_port), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(*map(int, sys.argv[1:3])))
