"""A frontend that listens in a thread of the test's process, under uvicorn as a real server does."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from carnet.server.frontend import Frontend
from carnet.server.listening.listen import configuration
from carnet.server.listening.serving import Serving
from tests.waiting import PATIENCE_SECONDS, eventually


class Prompt(Serving):
    """Stops when it is told to, at once if there is nothing to wait for.

    uvicorn looks ten times a second whether to stop, and then waits a tenth of a second or two: longer than most tests.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        looking = asyncio.ensure_future(super().main_loop())
        told = asyncio.ensure_future(self._told.wait())
        await asyncio.wait({looking, told}, return_when=asyncio.FIRST_COMPLETED)
        looking.cancel()
        told.cancel()

    def stop(self) -> None:
        """May be called by any thread, also when it has stopped already."""
        self.should_exit = True
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._told.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(20):
            if not self.server_state.connections and not self.server_state.tasks:
                await self.lifespan.shutdown()
                return
            await asyncio.sleep(0.001)
        await super().shutdown(sockets)


@contextmanager
def listening(frontend: Frontend, tls: tuple[Path, Path] | None = None) -> Iterator[tuple[int, uvicorn.Server]]:
    """The port and the server, until the block ends; `tls` are the files of a certificate and its key."""
    listener = socket.create_server(("127.0.0.1", 0))
    certificate, key = tls or (None, None)
    server = Prompt(configuration(frontend, host="127.0.0.1", port=0, ssl_certfile=certificate, ssl_keyfile=key))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    eventually(lambda: server.started, pause=0.001)
    try:
        yield listener.getsockname()[1], server
    finally:
        server.stop()
        thread.join(timeout=PATIENCE_SECONDS)
        listener.close()
