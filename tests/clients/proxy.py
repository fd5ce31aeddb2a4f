"""An HTTP proxy that leads every name to one server, for clients that put a bucket or an account in front of a host."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

_ABSOLUTE = re.compile(rb"(\S+) http://[^/ ]+(/\S*)? ")
_KEPT = re.compile(rb"\r\n(?:proxy-)?connection:[^\r]*", re.IGNORECASE)
_PIECE = 65_536


@contextmanager
def leading_to(port: int) -> Iterator[str]:
    """Its address. Each connection is for one request."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_accept, args=(listening, port), daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def _accept(listening: socket.socket, port: int) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            Thread(target=_serve, args=(client, port), daemon=True).start()


def _serve(client: socket.socket, port: int) -> None:
    with client, suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(_PIECE)
            if not piece:
                return
            head += piece
        head, _, body = head.partition(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        found = _ABSOLUTE.match(line)
        assert found is not None, line
        own = b"%s %s HTTP/1.1\r\nconnection: close\r\n" % (found[1], found[2] or b"/")
        server.sendall(own + _KEPT.sub(b"", b"\r\n" + fields)[2:] + b"\r\n\r\n" + body)
        Thread(target=_copy, args=(client, server), daemon=True).start()
        _copy(server, client)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
