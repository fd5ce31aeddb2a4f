"""uvicorn's server of one process, which takes connections as Carnet's frontends want it."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

from carnet.server.frontend import Frontend
from carnet.server.http.http_protocol import HttpProtocol
from carnet.server.listening.accepting import Accepting


class Serving(uvicorn.Server):
    """Serves a frontend on sockets that listen already, and anything else as uvicorn does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        frontend = self.config.loaded_app
        if sockets is None or not isinstance(frontend, Frontend):
            await super().startup(sockets)
            return
        await super().startup([])
        loop = asyncio.get_running_loop()

        def make_protocol() -> HttpProtocol:
            return HttpProtocol(self.config, self.server_state, self.lifespan.state, loop)

        self.servers = [
            Accepting(loop, listening, frontend.connections, make_protocol, self.config.ssl)  # type: ignore[misc]  # uvicorn has asyncio.Server there
            for listening in sockets
        ]
