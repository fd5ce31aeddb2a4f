"""What no client can make the server take or wait for."""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path

import pytest

from carnet.server.limits import Limits
from tests.server.certificates import self_signed
from tests.server.in_process import InProcessServer, in_process_server
from tests.waiting import PATIENCE_SECONDS

LIMITS = Limits()
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


def test_health_is_answered(server: InProcessServer) -> None:
    answer = server.send(GET + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"store":"reachable"' in answer


def test_many_headers_are_refused(server: InProcessServer) -> None:
    allowed = b"".join(b"x-h%d: v\r\n" % number for number in range(LIMITS.headers - 1))
    assert server.send(GET + allowed + b"\r\n").startswith(b"HTTP/1.1 200 ")
    assert server.send(GET + allowed + b"one: more\r\n\r\n").startswith(b"HTTP/1.1 431 ")


def test_long_headers_are_refused(server: InProcessServer) -> None:
    long = b"x: " + b"v" * LIMITS.head + b"\r\n\r\n"
    assert server.send(GET + long).startswith(b"HTTP/1.1 431 ")


def test_headers_without_end_are_refused(server: InProcessServer) -> None:
    assert server.send(GET + b"x: " + b"v" * 2 * LIMITS.head).startswith(b"HTTP/1.1 431 ")


def test_a_long_target_is_refused(server: InProcessServer) -> None:
    target = b"/?" + b"a" * LIMITS.head
    assert server.send(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 431 ")


def test_a_long_body_is_refused(server: InProcessServer) -> None:
    length = LIMITS.body + 1
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length
    assert server.send(head + b"a" * length).startswith(b"HTTP/1.1 413 ")


def test_a_chunked_body_is_counted(server: InProcessServer) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    assert server.send(head + chunk * 17 + b"0\r\n\r\n").startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 1\r\nContent-Length: 2\r\n",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: +1\r\n",
    ],
)
def test_ambiguous_lengths_are_refused(server: InProcessServer, lengths: bytes) -> None:
    answer = server.send(b"POST / HTTP/1.1\r\nHost: x\r\n" + lengths + b"\r\nabc")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_one_header_may_have_a_limit_of_its_own(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.frontend, "limits", Limits(line=1000))
    for size, status in ((999, b"200"), (1000, b"431")):
        assert server.send(GET + b"x: " + b"v" * size + b"\r\n\r\n").split()[1] == status
    target = b"GET /healthz?" + b"a" * 1000
    assert server.send(GET.replace(b"GET /healthz", target) + b"\r\n").split()[1] == b"431"


def test_slow_headers_are_cut_off(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.frontend, "limits", Limits(request_seconds=0.3))
    patience = 10
    assert patience < Limits().request_seconds, "only the limit of this test can have answered"
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience) as connection:
        connection.sendall(GET)
        answer = connection.recv(4096)
    assert b"did not arrive in time" in answer


def test_a_slow_body_is_cut_off(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.frontend, "limits", Limits(request_seconds=0.3))
    answer = server.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_garbage_is_refused_and_the_server_lives_on(server: InProcessServer) -> None:
    for garbage in (b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nFoo : bar\r\n\r\n"):
        assert server.send(garbage).startswith(b"HTTP/1.1 400 ")
    assert server.send(GET + b"\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (b"HTTP/1.1\r\n", b"400"),
        (b"HTTP/1.1\r\nHost: x\r\n", b"200"),
        (b"HTTP/1.1\r\nHost: x\r\nhost: x\r\n", b"400"),
        (b"HTTP/1.0\r\n", b"200"),
        (b"HTTP/1.0\r\nHost: x\r\nhost: x\r\n", b"400"),
    ],
)
def test_a_request_has_one_host(server: InProcessServer, start: bytes, status: bytes) -> None:
    """HTTP/1.0 may have none: https://www.rfc-editor.org/rfc/rfc9112#section-3.2"""
    answer = server.send(b"GET /_carnet/health " + start + b"connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_an_unsigned_request_is_refused_as_aws_does(server: InProcessServer) -> None:
    body = b"Action=ListUsers&Version=2010-05-08"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    answer = server.send(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"<Code>MissingAuthenticationToken</Code>" in answer
    assert b"x-amzn-requestid: " in answer.lower()


def test_a_client_that_sends_more_than_is_read_sees_why_it_is_refused(server: InProcessServer) -> None:
    """Unread bytes at the end of a connection would reset it, and take the answer along."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(head + b"a" * 2_000_000)
        for _ in range(50):
            connection.sendall(b"a" * 200_000)
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_over_tls_too_such_a_client_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = self_signed(tmp_path)
    context = ssl.create_default_context(cafile=str(files[0]))
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000000\r\n\r\n"
    with in_process_server(tmp_path, tls=files) as server:
        for linger in (PATIENCE_SECONDS, 0.2):
            monkeypatch.setattr(server.frontend, "limits", Limits(linger_seconds=linger))
            plain = socket.create_connection(("127.0.0.1", server.port), timeout=60)
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as connection:
                connection.sendall(head)
                if linger == PATIENCE_SECONDS:
                    connection.sendall(b"a" * 2_000_000)
                    for _ in range(20):
                        time.sleep(0.01)
                        connection.sendall(b"a" * 1_000)
                    assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")
                else:
                    with pytest.raises(OSError, match=r"reset|pipe|EOF"):
                        send_for(connection, seconds=PATIENCE_SECONDS)


def test_a_refused_client_is_hung_up_on(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.frontend, "limits", Limits(linger_seconds=0.2))
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"no request\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
        with pytest.raises(OSError, match=r"reset|pipe"):
            send_for(connection, seconds=60)


def test_an_idle_connection_is_ended(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.frontend, "limits", Limits(idle_seconds=1))
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(GET + b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
        with pytest.raises(ConnectionResetError):
            raise_if_ended(connection)


def test_a_connection_that_asks_to_be_closed_is_closed_after_the_answer(server: InProcessServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(GET + b"Connection: close\r\n\r\n" + GET + b"\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in answer


def test_a_body_is_asked_for(server: InProcessServer) -> None:
    body = b"Action=ListUsers&Version=2010-05-08"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(head)
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(4096).startswith(b"HTTP/1.1 403 ")


def test_a_head_request_gets_the_headers_of_its_answer(server: InProcessServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(GET.replace(b"GET", b"HEAD") + b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")
    assert b"content-length: 0\r\n" not in answer


def send_for(connection: socket.socket, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection.sendall(b"a")
        time.sleep(0.01)


def raise_if_ended(connection: socket.socket) -> None:
    if connection.recv(4096) == b"":
        raise ConnectionResetError
