"""A network between a process and a PostgreSQL server that can begin to swallow all packets, and tells nobody."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from sqlalchemy import make_url

_CHUNK = 65536
_KEPT_ALIVE_SECONDS = 25
"""After how long a server finds a client gone, as nodes ask of it (`store/databases/postgresql.py`)."""


class Link:
    """Takes connections at an address of TCP, and hands on what comes to the Unix socket of a server, and back."""

    def __init__(self, server: str) -> None:
        self._swallows = False
        self.lose_answers_after: tuple[bytes, bytes] | None = None
        """Once a client has sent the first and then the second, nothing that comes from the server is handed on."""
        self.swallow_from: bytes | None = None
        """What a client sends that begins so is the first that is swallowed."""
        self._loses_answers = False
        self._sent_the_first: set[socket.socket] = set()
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._servers: set[socket.socket] = set()
        self._cut_since: dict[socket.socket, float] = {}
        """The ends at the server of connections that are cut."""
        self._peers: dict[socket.socket, socket.socket | None] = {}
        self._ends = False
        self._thread = Thread(target=self._run)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._listening.getsockname()[1]
        return port

    def swallow(self) -> None:
        """Throw away what comes from now on. What was begun before is never answered, even afterwards."""
        self._swallows = True

    def forget(self) -> None:
        """Throw away what comes over the connections that there are; new ones work."""
        for one in list(self._peers):
            self._peers[one] = None

    def heal(self) -> None:
        """Hand on what comes over connections that are new."""
        self.lose_answers_after = self.swallow_from = None
        self._swallows = self._loses_answers = False

    def close(self) -> None:
        self._ends = True
        self._thread.join()
        for one in [self._listening, *self._peers]:
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._ends:
            for key, _ in self._selector.select(0.05):
                self._take(key.fileobj)  # type: ignore[arg-type]
            self._let_go()

    def _take(self, ready: socket.socket) -> None:
        if ready is self._listening:
            self._connect(ready.accept()[0])
            return
        if ready not in self._peers:
            return  # It was ready, too, when its other side ended it.
        try:
            data = ready.recv(_CHUNK)
        except OSError:
            data = b""
        other = self._peers.get(ready)
        if self.swallow_from is not None and ready not in self._servers and data.startswith(self.swallow_from):
            self.swallow()
        if self._swallows or (self._loses_answers and ready in self._servers):
            self._cut(ready, other)
        elif data and other is not None:
            with suppress(OSError):
                other.sendall(data)
            if self.lose_answers_after is not None:
                self._look_for(*self.lose_answers_after, ready, data)
        if not data:
            self._end(ready)
            if other is not None:
                self._end(other)

    def _look_for(self, first: bytes, second: bytes, client: socket.socket, data: bytes) -> None:
        if client in self._sent_the_first and second in data:
            self._loses_answers = True
        elif first in data:
            self._sent_the_first.add(client)

    def _cut(self, one: socket.socket, other: socket.socket | None) -> None:
        """What comes of either is handed on no more."""
        for end in (one, other):
            if end is not None:
                self._peers[end] = None
                if end in self._servers:
                    self._cut_since.setdefault(end, time.monotonic())

    def _let_go(self) -> None:
        """End at the server what has been cut for as long as keeping alive takes."""
        for end, since in list(self._cut_since.items()):
            if time.monotonic() > since + _KEPT_ALIVE_SECONDS:
                del self._cut_since[end]
                self._end(end)

    def _connect(self, client: socket.socket) -> None:
        self._peers[client] = None
        self._selector.register(client, selectors.EVENT_READ)
        if not self._swallows:
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._server)
            self._peers[client], self._peers[server] = server, client
            self._servers.add(server)
            self._selector.register(server, selectors.EVENT_READ)

    def _end(self, one: socket.socket) -> None:
        if self._peers.pop(one, one) is not one:
            self._selector.unregister(one)
            one.close()


@contextmanager
def linked(url: str) -> Iterator[tuple[Link, str]]:
    """A link to the server of a database, and the URL of the database through it."""
    parsed = make_url(url)
    folder = parsed.normalized_query["host"][0]
    link = Link(str(next(Path(folder).glob(".s.PGSQL.*[0-9]"))))
    through = parsed.difference_update_query(["host"]).set(host="127.0.0.1", port=link.port)
    try:
        yield link, through.render_as_string(hide_password=False)
    finally:
        link.close()
