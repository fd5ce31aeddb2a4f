"""Many clients over TLS that do not go on: they are counted, and keep no one else out."""

from __future__ import annotations

import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from carnet.server.limits import Limits
from carnet.server.listening import accepting
from tests.server.certificates import self_signed
from tests.server.echo_frontend import EchoFrontend, held_by
from tests.server.in_process import in_process_server
from tests.server.listening import listening
from tests.waiting import eventually

READY = b"GET /_carnet/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
MB = 1024 * 1024


def hello(trusted: Path) -> bytes:
    """The first message of a client."""
    sent = ssl.MemoryBIO()
    tls = ssl.create_default_context(cafile=str(trusted)).wrap_bio(ssl.MemoryBIO(), sent, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return sent.read()


def answer_over_tls(port: int, trusted: Path) -> bytes:
    context, answer = ssl.create_default_context(cafile=str(trusted)), b""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(READY)
        while piece := connection.recv(65_536):
            answer += piece
    return answer


@pytest.mark.parametrize("share", [0.5, 1.0], ids=["half of a hello", "no answer to the server's"])
def test_half_done_handshakes_are_counted_and_keep_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    monkeypatch.setattr(accepting, "HANDSHAKE_SECONDS", 600)
    files, many = self_signed(tmp_path), 200
    with in_process_server(tmp_path, tls=files) as server:
        first = hello(files[0])
        with ExitStack() as stack:
            for _ in range(many):
                silent = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
                silent.sendall(first[: int(len(first) * share)])
            eventually(lambda: len(server.frontend.connections) == many)
            assert answer_over_tls(server.port, files[0]).startswith(b"HTTP/1.1 200 ")
        eventually(lambda: len(server.frontend.connections) == 0)


def test_clients_that_read_nothing_over_tls_are_held_little_for_and_cut_off(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    frontend = EchoFrontend(tmp_path, limits=Limits(stall_seconds=1))
    context = ssl.create_default_context(cafile=str(files[0]))
    with listening(frontend, files) as (port, server), ExitStack() as stack:
        frontend.held = lambda: held_by(server.server_state.connections)
        for _ in range(10):
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            slow = stack.enter_context(context.wrap_socket(plain, server_hostname="127.0.0.1"))
            slow.sendall(b"GET /give/%d/length HTTP/1.1\r\nhost: x\r\n\r\n" % (500 * MB))
        eventually(lambda: frontend.notes.count("closed") == 10)
        assert "given" not in frontend.notes
        assert 0 < frontend.most_held < 10 * 2 * MB
        eventually(lambda: not server.server_state.connections)
