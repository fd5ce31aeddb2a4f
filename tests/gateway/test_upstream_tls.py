"""An upstream over TLS: what ends an answer of which only the connection tells the end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from carnet.gateway.upstreams.connection import UpstreamFailed, UpstreamRequest
from carnet.gateway.upstreams.upstream import Upstream
from tests.gateway.upstreams import PATIENT, answer
from tests.server.certificates import self_signed

GET = UpstreamRequest(method="GET", target="/", headers=(("host", "up"),))
OPEN_ENDED = b"HTTP/1.1 200 OK\r\n\r\n"


@contextmanager
def over_tls(directory: Path, sent: bytes, *, says_so: bool) -> Iterator[str]:
    """The URL of a server that answers one request, and ends the connection with TLS's own end or without it."""
    cert, key = self_signed(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, context.wrap_socket(connection, server_side=True) as client:
            client.recv(65_536)
            client.sendall(sent)
            if says_so:
                with suppress(OSError):  # the other side may end it without an answer
                    client.unwrap()
            else:
                client.shutdown(socket.SHUT_WR)
                client.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(60)


@pytest.mark.parametrize("size", [5, 200_000])
@pytest.mark.parametrize("says_so", [True, False])
def test_only_the_end_of_tls_tells_the_end_of_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, says_so: bool
) -> None:
    """Anybody on the way can end a connection, but not TLS: what is cut so is never taken for a whole answer."""
    body = bytes(size)
    with over_tls(tmp_path, OPEN_ENDED + body, says_so=says_so) as url:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))

        async def ask() -> bytes:
            to = Upstream(url, patience=PATIENT)
            return await (await to.exchange(GET)).whole(2 * size)

        if says_so:
            assert asyncio.run(ask()) == body
        else:
            with pytest.raises(UpstreamFailed, match="broke"):
                asyncio.run(ask())


def test_an_answer_of_known_length_needs_no_end_of_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with over_tls(tmp_path, answer(b"whole"), says_so=False) as url:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))

        async def ask() -> bytes:
            to = Upstream(url, patience=PATIENT)
            body = await (await to.exchange(GET)).whole(100)
            to.close()
            return body

        assert asyncio.run(ask()) == b"whole"
