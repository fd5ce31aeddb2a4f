"""Bodies that are read and sent in pieces: nothing is held of them, and nothing that was cut looks whole."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from carnet.audit.log_files import JsonLines
from carnet.base.faults import Unavailable
from carnet.base.http import ByteStream, RequestHead
from carnet.server.limits import Limits
from carnet.server.outbox import Answer
from tests.server.certificates import self_signed
from tests.server.echo_frontend import EVENT, EchoFrontend, held_by
from tests.server.listening import listening
from tests.server.pipelined import all_from, all_until
from tests.waiting import eventually

MB = 1024 * 1024
MOST_HELD = 2 * MB
"""For one connection, whatever the length of the body."""
GET = b"GET /whole HTTP/1.1\r\nhost: x\r\n\r\n"
LAST = b"GET /whole HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


class Running:
    """An echo frontend that listens, and connections to it."""

    def __init__(self, frontend: EchoFrontend, port: int, context: ssl.SSLContext | None) -> None:
        self.frontend = frontend
        self._port = port
        self._context = context

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as plain:
            if self._context is None:
                yield plain
            else:
                with self._context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                    yield secure

    def send(self, raw: bytes) -> bytes:
        """What is answered until the server ends the connection."""
        with self.connection() as connection:
            connection.sendall(raw)
            return all_from(connection)

    def wait_for(self, note: str) -> None:
        eventually(lambda: note in self.frontend.notes)


@contextmanager
def echo(directory: Path, *, limits: Limits | None = None, tls: bool = False) -> Iterator[Running]:
    frontend = EchoFrontend(directory, limits=limits)
    files = self_signed(directory) if tls else None
    context = ssl.create_default_context(cafile=str(files[0])) if files else None
    with listening(frontend, files) as (port, server):
        frontend.held = lambda: held_by(server.server_state.connections)
        yield Running(frontend, port, context)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with echo(tmp_path) as running:
        yield running


def post(path: str, length: int | None, *lines: str, version: str = "1.1") -> bytes:
    framing = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    return "\r\n".join([f"POST {path} HTTP/{version}", "host: x", framing, *lines, "", ""]).encode()


def chunked(body: bytes, size: int = 10_000) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def unchunked(answer: bytes) -> bytes:
    """The body of an answer in chunks, whose last chunk has to be there."""
    _, _, rest = answer.partition(b"\r\n\r\n")
    body = bytearray()
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if not int(size, 16):
            assert rest == b"\r\n"
            return bytes(body)
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]


def give(size: int, kind: str, *, method: str = "GET", version: str = "1.1", line: str = "connection: close") -> bytes:
    return f"{method} /give/{size}/{kind} HTTP/{version}\r\nhost: x\r\n{line}\r\n\r\n".encode()


def test_200_mb_go_up_and_down_through_little_memory(running: Running) -> None:
    with running.connection() as connection:
        sender = sending(connection, post("/echo", 200 * MB, "connection: close"), 200 * MB)
        assert received(connection) > 200 * MB
        sender.join()
    assert 0 < running.frontend.most_held < MOST_HELD
    running.wait_for("closed")
    assert running.frontend.notes == ["closed"]


def test_over_tls_too(tmp_path: Path) -> None:
    with echo(tmp_path, tls=True) as running:
        with running.connection() as connection:
            sending(connection, post("/count", 50 * MB, "connection: close"), 50 * MB).join()
            assert all_from(connection).endswith(b"counted 52428800")
        with running.connection() as connection:
            connection.sendall(give(50 * MB, "chunks"))
            assert received(connection) > 50 * MB
        assert 0 < running.frontend.most_held < MOST_HELD


def sending(connection: socket.socket, head: bytes, size: int) -> threading.Thread:
    """Sends a head and a long body without reading."""

    def send() -> None:
        with contextlib.suppress(OSError):
            connection.sendall(head)
            for _ in range(size // MB):
                connection.sendall(b"x" * MB)

    sender = threading.Thread(target=send)
    sender.start()
    return sender


def received(connection: socket.socket) -> int:
    """How many bytes come until the server ends."""
    buffer, total = bytearray(MB), 0
    while count := connection.recv_into(buffer):
        total += count
    return total


def test_what_comes_down_is_what_went_up(running: Running) -> None:
    body = bytes(range(256)) * 1000
    assert unchunked(running.send(post("/echo", len(body), "connection: close") + body)) == body
    assert unchunked(running.send(post("/echo", None, "connection: close") + chunked(body))) == body
    assert unchunked(running.send(post("/echo", 0, "connection: close"))) == b""


def test_a_client_that_does_not_read_is_not_read_from(running: Running) -> None:
    with running.connection() as connection:
        sender = sending(connection, post("/echo", 100 * MB, "connection: close"), 100 * MB)
        eventually(lambda: running.frontend.held() > 0)
        time.sleep(0.5)
        assert sender.is_alive()
        assert running.frontend.held() < MOST_HELD
        assert received(connection) > 100 * MB
        sender.join()
    assert running.frontend.most_held < MOST_HELD


def test_a_frontend_that_does_not_read_holds_what_came_with_the_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on, answer = threading.Event(), EchoFrontend.Bodies.answer

    async def slow(bodies: EchoFrontend.Bodies, head: RequestHead, body: ByteStream) -> Answer:
        await asyncio.get_running_loop().run_in_executor(None, going_on.wait)
        return await answer(bodies, head, body)

    monkeypatch.setattr(EchoFrontend.Bodies, "answer", slow)
    with echo(tmp_path) as running, running.connection() as connection:
        sender = sending(connection, post("/count", 50 * MB, "connection: close"), 50 * MB)
        time.sleep(0.5)
        assert sender.is_alive()
        assert running.frontend.held() <= 256 * 1024  # one read of the socket
        going_on.set()
        assert all_from(connection).endswith(b"counted 52428800")
        sender.join()


def test_a_slow_writer_is_waited_for_as_long_as_something_comes(tmp_path: Path) -> None:
    with echo(tmp_path, limits=Limits(stall_seconds=3)) as running, running.connection() as connection:
        connection.sendall(post("/count", 8, "connection: close"))
        for _ in range(8):
            time.sleep(0.5)
            connection.sendall(b"x")
        assert all_from(connection).endswith(b"counted 8")


@pytest.mark.parametrize("sent", [b"", b"abc"])
def test_a_writer_that_stops_is_told_so(tmp_path: Path, sent: bytes) -> None:
    with echo(tmp_path, limits=Limits(stall_seconds=0.3)) as running:
        answer = running.send(post("/count", 20) + sent)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert running.frontend.notes == ["cut"]


def test_an_answer_whose_request_stops_is_cut(tmp_path: Path) -> None:
    with echo(tmp_path, limits=Limits(stall_seconds=0.3)) as running:
        with running.connection() as connection:
            connection.sendall(post("/echo", 20) + b"abc")
            all_until(connection, lambda answer: answer.endswith(b"\r\n3\r\nabc\r\n"))
            with pytest.raises(ConnectionResetError):
                connection.recv(4096)
        running.wait_for("closed")


def test_a_client_that_never_reads_is_cut_off(tmp_path: Path) -> None:
    with echo(tmp_path, limits=Limits(stall_seconds=0.3)) as running, running.connection() as connection:
        connection.sendall(give(500 * MB, "length"))
        running.wait_for("closed")
        assert running.frontend.most_held < MOST_HELD
        assert "given" not in running.frontend.notes


def test_a_client_that_goes_away_while_it_is_read_from(running: Running) -> None:
    with running.connection() as connection:
        connection.sendall(post("/count", 20, "expect: 100-continue"))
        connection.recv(4096)  # the frontend reads
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # to end with a reset
    running.wait_for("cut")


def test_a_client_that_ends_in_the_middle_of_its_body_is_told_so(running: Running) -> None:
    with running.connection() as connection:
        connection.sendall(post("/count", 20) + b"abc")
        connection.shutdown(socket.SHUT_WR)
        assert all_from(connection).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_goes_away_while_it_is_sent_to(running: Running) -> None:
    with running.connection() as connection:
        connection.sendall(give(500 * MB, "chunks"))
        connection.recv(65536)
    running.wait_for("closed")
    assert "given" not in running.frontend.notes


def test_a_body_is_asked_for_when_the_frontend_reads_it(running: Running) -> None:
    with running.connection() as connection:
        connection.sendall(post("/count", 3, "expect: 100-continue", "connection: close"))
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert all_from(connection).endswith(b"counted 3")


def test_a_body_that_came_unasked_is_not_asked_for(running: Running) -> None:
    answer = running.send(post("/count", 3, "expect: 100-continue", "connection: close") + b"abc")
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200"]


def test_a_body_that_is_refused_is_not_asked_for(running: Running) -> None:
    answer = running.send(post("/refuse", 5 * MB, "expect: 100-continue"))
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"403"]
    assert b"\r\nconnection: close\r\n" in answer


def test_a_client_whose_body_is_not_read_sees_the_answer(running: Running) -> None:
    with running.connection() as connection:
        connection.sendall(post("/refuse", 20 * MB))
        for _ in range(20):
            connection.sendall(b"x" * MB)
        assert all_from(connection).endswith(b"refused")


def test_a_request_behind_a_body_that_was_read_is_answered(running: Running) -> None:
    for body in (post("/count", 100_000) + b"x" * 100_000, post("/count", None) + chunked(b"x" * 100_000)):
        answer = running.send(GET + body + GET + body + LAST)
        assert re.findall(rb"whole 0|counted 100000", answer) == [b"whole 0", b"counted 100000"] * 2 + [b"whole 0"]


def test_a_request_behind_a_body_that_was_not_read_is_answered_if_the_body_had_arrived(running: Running) -> None:
    answer = running.send(post("/refuse", 5) + b"GET /" + LAST)
    assert re.findall(rb"refused|whole 0", answer) == [b"refused", b"whole 0"]


def test_a_request_behind_a_streamed_answer_waits_for_its_end(running: Running) -> None:
    keep = "x: y"
    answer = running.send(give(3 * MB, "length", line=keep) + GET + give(MB, "chunks", line=keep) + LAST)
    assert len(answer) > 4 * MB
    told = [(found.start(), found[0]) for found in re.finditer(rb"HTTP/1.1 200 OK|whole 0|\r\n0\r\n\r\n", answer)]
    heads = [at for at, what in told if what.startswith(b"HTTP")]
    assert [what for _, what in told] == [
        *[b"HTTP/1.1 200 OK"] * 2,
        b"whole 0",
        b"HTTP/1.1 200 OK",
        b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK",
        b"whole 0",
    ]
    assert heads[1] - heads[0] > 3 * MB


@pytest.mark.parametrize("kind", ["length", "chunks"])
def test_head_gets_no_body_and_closes_what_nobody_began(running: Running, kind: str) -> None:
    answer = running.send(give(MB, kind, method="HEAD", line="x: y") + LAST)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200"]
    assert (b"content-length: 1048576" in answer) is (kind == "length")
    assert len(answer) < 1000
    running.wait_for("closed")
    assert running.frontend.notes == ["closed"]


def test_an_old_client_gets_a_body_that_ends_with_the_connection(running: Running) -> None:
    answer = running.send(give(MB, "chunks", version="1.0", line="connection: keep-alive"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head
    assert b"connection: close" in head
    assert len(body) == MB


@pytest.mark.parametrize(
    ("kind", "version"), [("short", "1.1"), ("long", "1.1"), ("fails", "1.1"), ("breaks", "1.1"), ("breaks", "1.0")]
)
def test_a_body_that_is_not_what_was_said_does_not_look_whole(
    running: Running, kind: str, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running.connection() as connection:
        connection.sendall(give(100_000, kind, version=version))
        with pytest.raises(ConnectionResetError):
            all_from(connection)
    running.wait_for("closed")
    assert "a streamed answer failed" in caplog.text


def test_the_event_is_written_before_the_body_is_begun(running: Running) -> None:
    assert running.send(give(10, "length")).endswith(b"x" * 10)
    assert running.frontend.log.read_bytes() == EVENT
    assert "begun without an event" not in running.frontend.notes


def test_a_body_whose_event_cannot_be_written_is_not_sent(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The disk is full.")

    monkeypatch.setattr(JsonLines, "write", full)
    answer = running.send(give(10, "length"))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert answer.endswith(b"The disk is full.")
    running.wait_for("closed")
    assert "given" not in running.frontend.notes


def test_a_streamed_body_has_a_limit(tmp_path: Path) -> None:
    with echo(tmp_path, limits=Limits(streamed_body=100_000)) as running:
        for length, status in ((100_000, b"200"), (100_001, b"413")):
            body = b"x" * length
            known = running.send(post("/count", length, "connection: close") + body)
            unknown = running.send(post("/count", None, "connection: close") + chunked(body))
            assert re.findall(rb"HTTP/1.1 (\d+)", known + unknown) == [status, status]


def test_fields_behind_a_streamed_body_are_limited(tmp_path: Path) -> None:
    body = chunked(b"abc").removesuffix(b"\r\n")
    with echo(tmp_path, limits=Limits(head=10_000)) as running:
        for size, status in ((5_000, b"200"), (500_000, b"413")):
            raw = post("/count", None, "connection: close") + body + b"x: " + b"y" * size + b"\r\n\r\n"
            assert re.findall(rb"HTTP/1.1 (\d+)", running.send(raw)) == [status]


@pytest.mark.parametrize("coding", ["x, chunked", "gzip"])
def test_a_coding_that_is_not_known_is_refused_before_the_frontend_is_asked(running: Running, coding: str) -> None:
    raw = post("/echo", None, "connection: close").replace(b"chunked", coding.encode())
    assert re.findall(rb"HTTP/1.1 (\d+)", running.send(raw + chunked(b"abc"))) in ([b"501"], [b"400"])
    assert running.frontend.notes == []


def test_a_chunk_that_is_none_cuts_the_request(running: Running) -> None:
    assert running.send(post("/count", None) + b"3\r\nabc\r\nno\r\n").startswith(b"HTTP/1.1 400 ")
