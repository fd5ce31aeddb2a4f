"""A mail server in a thread of the test's process, which is told how to behave."""

from __future__ import annotations

import base64
import socket
import socketserver
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from threading import Event, Thread

Files = tuple[Path, Path]
USER, PASSWORD = "carnet", "p:ss word"


@dataclass
class PostOffice:
    """What it does, and what it has taken."""

    tls: Files | None = None
    from_the_start: bool = False
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """The answer to a command, instead of taking it: `{"RCPT": "550 nobody"}`."""
    silent: bool = False
    dripping: bool = False
    """Whether it answers so slowly that nothing ever times out."""
    injected: bytes = b""
    """What is said in the clear after STARTTLS was taken, as somebody on the way would."""
    commands: list[str] = field(default_factory=list[str])
    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    envelopes: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    ended: Event = field(default_factory=Event)
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def text(self) -> str:
        """That of the newest mail."""
        return str(self.mails[-1].get_content()).replace("\r\n", "\n")

    def link(self) -> str:
        """The only link in the newest mail."""
        (line,) = [one for one in self.text().splitlines() if "#" in one]
        return str(line)


@contextmanager
def post_office(**behaviour: object) -> Iterator[PostOffice]:
    """Listen on a free port until the block ends."""
    office = PostOffice(**behaviour)  # type: ignore[arg-type]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            talk = _Talk(office, self.request)
            with suppress(OSError):
                talk.talk()
            talk.close()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        office.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield office
        finally:
            office.ended.set()
            server.shutdown()
            thread.join()


class _Talk:
    def __init__(self, office: PostOffice, sock: socket.socket) -> None:
        self._office = office
        self._sock = sock
        self._protected = False
        self._from = ""

    def talk(self) -> None:
        office = self._office
        if office.silent:
            office.ended.wait(60)
            return
        while office.dripping and not office.ended.wait(0.02):
            self._sock.sendall(b"2")
        if office.from_the_start:
            self._protect()
        self._say("220 here")
        self._read()

    def close(self) -> None:
        self._sock.close()

    def _read(self) -> None:
        lines = self._sock.makefile("rb")
        while line := lines.readline():
            word, *rest = line.decode().strip().split(" ", 1)
            command = " ".join((word := word.upper(), *rest))
            self._office.commands.append(("TLS " if self._protected else "") + command)
            if word in self._office.refused:
                self._say(self._office.refused[word])
            elif word == "STARTTLS":
                self._sock.sendall(b"220 go on\r\n" + self._office.injected)
                self._protect()
                lines = self._sock.makefile("rb")
            elif word == "DATA":
                self._say("354 go on")
                self._take(lines.readline)
                self._say("250 taken")
            else:
                self._answer(word, command)

    def _answer(self, word: str, command: str) -> None:
        match word:
            case "EHLO":
                if self._office.tls and not self._protected:
                    self._say("250-here\r\n250 STARTTLS")
                else:
                    self._say("250-here\r\n250 AUTH PLAIN")
            case "AUTH":
                _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
                self._say("235 known" if (user, password) == (USER, PASSWORD) else "535 who\x1b[31m")
            case "MAIL":
                self._from = command[len("MAIL FROM:") :]
                self._say("250 fine")
            case "RCPT":
                self._office.envelopes.append((self._from, command[len("RCPT TO:") :]))
                self._say("250 fine")
            case "QUIT":
                self._say("221 bye")
            case _:
                self._say("250 fine")

    def _take(self, readline: Callable[[], bytes]) -> None:
        taken = b""
        while (line := readline()) not in (b".\r\n", b""):
            taken += line.removeprefix(b".")
        self._office.mails.append(message_from_bytes(taken, policy=default))

    def _say(self, text: str) -> None:
        self._sock.sendall(text.encode() + b"\r\n")

    def _protect(self) -> None:
        assert self._office.tls is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._office.tls)
        self._sock = context.wrap_socket(self._sock, server_side=True)
        self._protected = True
