"""A door that listens in a thread of the test's process, under uvicorn as in earnest."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from carnet.server.door import Door
from carnet.server.listen import configuration
from carnet.server.serving import Serving


@contextmanager
def listening(door: Door, tls: tuple[Path, Path] | None = None) -> Iterator[tuple[int, uvicorn.Server]]:
    """The port and the server, until the block ends; `tls` are the files of a certificate and its key."""
    listener = socket.create_server(("127.0.0.1", 0))
    certificate, key = tls or (None, None)
    server = Serving(configuration(door, host="127.0.0.1", port=0, ssl_certfile=certificate, ssl_keyfile=key))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    eventually(lambda: server.started)
    try:
        yield listener.getsockname()[1], server
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listener.close()


def eventually(holds: Callable[[], object], *, seconds: float = 30) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)
