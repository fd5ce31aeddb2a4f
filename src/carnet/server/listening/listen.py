"""Runs uvicorn, in one process or several on one socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from carnet.server.http.http_protocol import HttpProtocol
from carnet.server.listening.connections import raise_descriptor_limit
from carnet.server.listening.serving import Serving
from carnet.server.listening.systemd import tell, watchdog_seconds
from carnet.server.listening.workers import Workers
from carnet.server.log import LOGGING, logging_as

_BACKLOG = 2048
_GRACE_SECONDS = 10


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens at the address, 0 standing for any free port; raises OSError if it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # INVARIANT: it says that it is TCP; asyncio sends without delay only on sockets that do.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:  # else IPv4 callers would come from ::ffff:..., which no aws:SourceIp expects
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


class Server(Serving):
    """One process that serves, and tells systemd so."""

    def __init__(self, config: uvicorn.Config, asked_to_stop: Callable[[], bool]) -> None:
        super().__init__(config)
        self._asked_to_stop = asked_to_stop
        if (seconds := watchdog_seconds()) is not None:
            config.callback_notify, config.timeout_notify = self._live, seconds  # type: ignore[assignment]  # uvicorn types neither

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.should_exit = self.should_exit or self._asked_to_stop()
        if self.started:
            tell("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        tell("STOPPING=1")
        await super().shutdown(sockets)

    async def _live(self) -> None:
        tell("WATCHDOG=1")


def listen(
    application: Callable[[], Any] | str,
    listening: socket.socket,
    *,
    workers: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    log_format: str = "json",
    asked_to_stop: Callable[[], bool],
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way; not at all if a signal has come before.

    `application` is a factory, or if there are several workers, `module:factory`.
    """
    raise_descriptor_limit()
    config = configuration(
        application,
        workers=workers,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        factory=True,
        log_config=logging_as(log_format),
    )
    if workers == 1:
        Server(config, asked_to_stop).run([listening])
    else:
        Workers(config, sockets=[listening]).run(asked_to_stop)


def configuration(application: Any, **more: Any) -> uvicorn.Config:
    """How Carnet runs under uvicorn, wherever it listens."""
    return uvicorn.Config(
        application,
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        **{"log_config": LOGGING, **more},
    )
