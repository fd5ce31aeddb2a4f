"""Takes connections from a listening socket, some at a time, and gives each its place before a byte of it is read.

asyncio's own servers take all that have come in one go, count none that has not agreed on TLS, and wait for that as
long as a minute.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from asyncio import Task
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

from carnet.identity.networks import network_key
from carnet.server.http.http_protocol import HttpProtocol
from carnet.server.http.sending import refusal
from carnet.server.listening.connections import Connections, Place

_LOG = logging.getLogger(__name__)
_AT_ONCE = 32
"""How many connections are taken before the loop turns to those that are there."""
HANDSHAKE_SECONDS = 20.0
"""How long a client may take to agree on TLS."""
_RETRY_SECONDS = 1.0
"""After how long connections are taken again if the system could give none."""
_FULL = "There are too many connections."


class Accepting:
    """The taking of connections, until it is closed; uvicorn takes it for one of asyncio's servers."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        listening: socket.socket,
        connections: Connections,
        make_protocol: Callable[[], HttpProtocol],
        tls: ssl.SSLContext | None,
    ) -> None:
        self._loop = loop
        self._listening = listening
        self._connections = connections
        self._make_protocol = make_protocol
        self._tls = tls
        self._beginning: set[Task[None]] = set()
        """Connections that are being made known to the loop, or agree on TLS."""
        self._closed = False
        listening.setblocking(False)
        self._listen()

    def close(self) -> None:
        """Take no more."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._listening.fileno())
            for task in self._beginning:
                task.cancel()

    async def wait_closed(self) -> None:
        """Wait for those that had begun."""
        await asyncio.gather(*self._beginning, return_exceptions=True)

    def _listen(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listening.fileno(), self._take)

    def _take(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as problem:
                _LOG.warning("no connection can be taken: %s", problem.strerror)
                self._loop.remove_reader(self._listening.fileno())
                self._loop.call_later(_RETRY_SECONDS, self._listen)
                return
            connection.setblocking(False)
            self._begin_connection(connection, network_key(address[0]))

    def _begin_connection(self, connection: socket.socket, network: bytes | str) -> None:
        place = self._connections.enter(network, connection.close)
        if place is None:
            with connection, suppress(OSError):
                if self._tls is None:
                    connection.send(refusal(HTTPStatus.SERVICE_UNAVAILABLE, _FULL))
            return
        task = self._loop.create_task(self._make_known(connection, place))
        place.end = task.cancel
        self._beginning.add(task)

        def done(task: Task[None]) -> None:
            self._beginning.discard(task)
            if task.cancelled():  # perhaps before its first step
                connection.close()
                place.leave()

        task.add_done_callback(done)

    async def _make_known(self, connection: socket.socket, place: Place) -> None:
        protocol = self._make_protocol()
        protocol.place = place
        handshake = HANDSHAKE_SECONDS if self._tls is not None else None
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol, connection, ssl=self._tls, ssl_handshake_timeout=handshake
            )
        except (OSError, ssl.SSLError):  # the client went away, or did not agree on TLS
            connection.close()
            place.leave()
