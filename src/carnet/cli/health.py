"""Asks a server for the page of its health.

Not with `http.client`: that brings TLS and e-mail, which take as long to import as all the rest of `carnet status`, and
a health check runs it every few seconds.
"""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack

from carnet.server.own_paths import HEALTH_PATH

HEALTHY = 200
_SECONDS = 5
_MOST_BYTES = 1024 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")


def health(host: str, port: int, *, tls: bool) -> tuple[int, bytes]:
    """Status and body of the answer. Raises OSError, and ValueError for what is none."""
    with ExitStack() as open_sockets:
        connection = open_sockets.enter_context(socket.create_connection((host, port), timeout=_SECONDS))
        if tls:
            connection = open_sockets.enter_context(_encrypt(connection))
        # HTTP/1.0: the body is then sent as it is, and ends with the connection.
        connection.sendall(f"GET {HEALTH_PATH} HTTP/1.0\r\nHost: {authority(host, port)}\r\n\r\n".encode())
        head, blank_line, body = _receive(connection).partition(b"\r\n\r\n")
    status = _STATUS_LINE.match(head)
    if status is None or not blank_line:
        raise ValueError("what answers does not speak HTTP")
    return int(status[1]), body


def authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _receive(connection: socket.socket) -> bytes:
    """All that is sent until the connection is closed, or until it is far more than a page of health has."""
    received = bytearray()
    while len(received) < _MOST_BYTES and (more := connection.recv(_MOST_BYTES)):
        received += more
    return bytes(received)


def _encrypt(connection: socket.socket) -> socket.socket:
    import ssl

    # Health is no secret and carries no credential: a self-signed certificate is good enough to ask for it.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(connection)
