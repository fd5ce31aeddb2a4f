"""Runs uvicorn, in one process or several on one socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from carnet.server.http_protocol import HttpProtocol
from carnet.server.log import LOGGING

_BACKLOG = 2048
_GRACE_SECONDS = 10
_MOST_CONNECTIONS = 10_000


def listen(
    application: str, *, host: str, port: int, workers: int, tls_cert: Path | None, tls_key: Path | None
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what is under way. `application` is `module:factory`."""
    config = configuration(
        application, host=host, port=port, workers=workers, ssl_certfile=tls_cert, ssl_keyfile=tls_key, factory=True
    )
    if workers == 1:
        uvicorn.Server(config).run()
        return
    socket = config.bind_socket()
    try:
        Multiprocess(config, sockets=[socket]).run()
    finally:
        socket.close()


def configuration(application: Any, **more: Any) -> uvicorn.Config:
    """How Carnet runs under uvicorn, wherever it listens."""
    return uvicorn.Config(
        application,
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=LOGGING,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        backlog=_BACKLOG,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        **more,
    )
