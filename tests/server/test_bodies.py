"""What bodies that are still arriving take of the server's memory, in however many pieces they come."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from carnet.base.http import HttpRequest, RequestHead
from carnet.server.http import request_reader
from carnet.server.http.body_stream import BodyStream
from carnet.server.http.request_reader import Client, RequestReader
from carnet.server.http.request_refused import RequestRefused
from carnet.server.http.unread import Unread
from carnet.server.limits import BodyBudget, Limits
from tests.attacks.wire import root_of, signed
from tests.server.held_changes import hold_changes
from tests.server.in_process import InProcessServer
from tests.server.pipelined import all_from
from tests.waiting import eventually

KB = 1024
CHUNKED = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
TWO_BYTES = b"2\r\nab\r\n"
READ = 256 * KB
"""As much as one read of a socket brings."""


class Taking:
    """Takes what a reader reads, as streams if it is asked to."""

    def __init__(self, *, streams: bool = False) -> None:
        self.requests: list[HttpRequest] = []
        self.stream = BodyStream(most=READ, expected=False, wait=lambda *_: None) if streams else None

    def begun(self, head: RequestHead, *, expected: bool) -> BodyStream | None:
        return self.stream

    def ended(self, *, keep_alive: bool) -> None: ...

    def arrived(self, request: HttpRequest, *, keep_alive: bool) -> None:
        self.requests.append(request)

    def go_on(self) -> None: ...


def reader(receiver: Taking, bodies: BodyBudget, limits: Limits | None = None) -> RequestReader:
    streams = receiver.stream is not None
    given = {"limits": limits or Limits(), "bodies": bodies}
    return RequestReader(Client(""), receiver=receiver, streams=streams, **given)  # type: ignore[arg-type]


@contextmanager
def memory() -> Iterator[list[int]]:
    """The bytes that are allocated in the block and still held at its end; and the most at any time of it."""
    told: list[int] = []
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield told
        held, most = tracemalloc.get_traced_memory()
        told += [held - before, most - before]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("streams", [False, True])
def test_a_body_in_chunks_of_two_bytes_is_held_in_one_piece(streams: bool) -> None:
    receiver = Taking(streams=streams)
    reading = reader(receiver, BodyBudget())
    chunks = 400_000
    piece = TWO_BYTES * (READ // len(TWO_BYTES))
    with memory() as told:
        reading.feed(CHUNKED)
        for _ in range(chunks // (READ // len(TWO_BYTES))):
            reading.feed(piece)
    held, most = told
    assert 2 * chunks * 0.8 < held < 2 * chunks * 1.5
    assert most < 2 * chunks * 3


def test_a_body_in_two_pieces_is_the_same_as_in_one() -> None:
    receiver = Taking()
    reading = reader(receiver, BodyBudget())
    for body in (b"", b"a", b"ab" * 300):
        for size in (1, 7, 1000):
            raw = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            for at in range(0, len(raw), size):
                reading.feed(raw[at : at + size])
            request = receiver.requests.pop()
            assert type(request.body) is bytes
            assert request.body == body


def part_of_a_body(size: int, announced: int) -> bytes:
    return b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % announced + b"x" * size


def head_size(announced: int) -> int:
    """Of such a request, as it is counted."""
    return len("/hostxcontent-length") + len(str(announced))


async def _pieces_of(stream: BodyStream) -> list[bytes]:
    return [piece async for piece in stream]


def test_long_parts_of_a_body_are_handed_on_as_they_are() -> None:
    stream = BodyStream(most=READ, expected=False, wait=lambda *_: None)
    long = b"x" * (4 * KB)
    for part in (b"a", b"b" * (4 * KB - 1), long, b"c", b"d"):
        stream.put(part)
    assert stream.held == 8 * KB + 2
    stream.end()
    pieces = asyncio.run(_pieces_of(stream))
    assert pieces == [b"a" + b"b" * (4 * KB - 1), long, b"cd"]
    assert pieces[1] is long
    assert stream.held == 0


@pytest.mark.parametrize(
    ("head", "to_come"),
    [
        (b"content-length: 300000\r\n\r\n", 300_000 - 3),
        (b"content-length: 3\r\n\r\n", 0),
        (b"transfer-encoding: chunked\r\n\r\n3\r\n", 0),
    ],
)
def test_how_much_of_a_body_is_still_to_come(head: bytes, to_come: int) -> None:
    receiver = Taking(streams=True)
    taken = reader(receiver, BodyBudget())
    taken.feed(b"PUT /b/k HTTP/1.1\r\nhost: x\r\n" + head + b"abc")
    assert taken.body_to_come == to_come


def test_names_of_headers_are_remembered_within_bounds() -> None:
    """They are what clients choose, before anybody has proven anything."""
    receiver = Taking()
    many = b"".join(b"X-%d: a\r\n" % number for number in range(90))
    for number in range(20):
        taken = reader(receiver, BodyBudget())
        taken.feed(
            b"GET / HTTP/1.1\r\nhost: x\r\n"
            + many.replace(b"X-", b"X-%d-" % number)
            + b"Long-%s: b\r\n\r\n" % (b"L" * 64)
        )
    assert [name for name, _ in receiver.requests[-1].headers[-2:]] == ["x-19-89", "long-" + "l" * 64]
    assert len(request_reader._NAMES) == 1024
    assert not any(name.startswith(b"Long") for name in request_reader._NAMES)


def test_only_a_body_is_read_in_pieces_of_more_than_some_requests() -> None:
    unread = Unread(BodyBudget())
    unread.put(b"x" * 100 * KB)
    assert [len(unread.piece(0)), len(unread.piece(20 * KB)), len(unread.piece(1))] == [16 * KB, 20 * KB, 16 * KB]


def test_bodies_that_arrive_have_one_budget() -> None:
    most = 100 + 2 * head_size(70)
    bodies = BodyBudget(most=most, for_proven=0)
    first, second, third = (reader(Taking(), bodies) for _ in range(3))
    first.feed(part_of_a_body(60, 70))
    second.feed(part_of_a_body(40, 70))
    assert bodies.held == most
    with pytest.raises(RequestRefused) as refused:
        third.feed(part_of_a_body(1, 70))
    assert refused.value.status == 503
    assert bodies.held == most
    first.feed(b"x" * 10)  # the rest
    assert bodies.held == most // 2 - 10
    second.cut(RequestRefused(refused.value.status, "gone"))
    second.cut(RequestRefused(refused.value.status, "twice"))
    assert bodies.held == 0


def test_a_body_that_is_refused_takes_no_more_of_the_budget() -> None:
    bodies = BodyBudget()
    reading = reader(Taking(), bodies, Limits(body=100))
    reading.feed(CHUNKED + b"64\r\n" + b"x" * 100 + b"\r\n")
    assert bodies.held == 100 + len("/hostxtransfer-encodingchunked")
    with pytest.raises(RequestRefused):
        reading.feed(b"1\r\nx\r\n")
    assert bodies.held == 0


def test_a_body_that_comes_with_its_head_costs_nothing() -> None:
    receiver, bodies = Taking(), BodyBudget(most=0, for_proven=0)
    reading = reader(receiver, bodies)
    reading.feed(part_of_a_body(1000, 1000) * 3)
    assert len(receiver.requests) == 3


def test_the_newest_body_is_refused_and_plain_calls_are_answered(server: InProcessServer) -> None:
    server.frontend.bodies.most, server.frontend.bodies.for_proven = 250_000, 0
    each = 100_000 + head_size(100_001)
    with ExitStack() as stack:
        waiting = []
        for _ in range(2):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60))
            connection.sendall(part_of_a_body(100_000, 100_001))
            waiting.append(connection)
            eventually(lambda: server.frontend.bodies.held == each * len(waiting))
        newest = server.send(part_of_a_body(100_000, 100_001))
        assert newest.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 2\r\n" in newest
        server.client("iam").create_user(UserName="plain")
        for connection in waiting:
            connection.sendall(b"x")
            assert connection.recv(4096).startswith(b"HTTP/1.1 4")
        assert server.frontend.bodies.held == 0


def test_a_client_that_goes_away_gives_back_what_its_body_took(server: InProcessServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(part_of_a_body(100_000, 100_001))
        eventually(lambda: server.frontend.bodies.held)
        connection.shutdown(socket.SHUT_WR)
        assert all_from(connection) == b""
    eventually(lambda: server.frontend.bodies.held == 0)


def test_a_head_that_arrives_slowly_takes_of_the_budget() -> None:
    begun = b"POST / HTTP/1.1\r\nhost: " + b"x" * 30_000
    bodies = BodyBudget(most=60_000, for_proven=0)
    first, second = reader(Taking(), bodies), reader(Taking(), bodies)
    first.feed(begun)
    assert bodies.held == len(begun)
    with pytest.raises(RequestRefused) as refused:
        second.feed(begun)
    assert refused.value.status == 503
    first.feed(b"\r\ncontent-length: 0\r\n\r\n")
    assert bodies.held == 0


def test_strangers_leave_room_for_connections_with_a_proven_caller() -> None:
    bodies = BodyBudget(most=300, for_proven=100)
    stranger, other, proven = (reader(Taking(), bodies) for _ in range(3))
    proven.proven = True
    stranger.feed(part_of_a_body(150, 200))
    with pytest.raises(RequestRefused):
        other.feed(part_of_a_body(50, 200))
    proven.feed(part_of_a_body(50, 200))
    assert bodies.held == 200 + 2 * head_size(200)


def test_many_tiny_chunks_over_a_socket_take_what_their_bytes_take(server: InProcessServer) -> None:
    chunks = 100_000
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(CHUNKED + TWO_BYTES * chunks)
        whole = 2 * chunks + len("/hostxtransfer-encodingchunked")
        eventually(lambda: server.frontend.bodies.held >= whole)
        assert server.frontend.bodies.held == whole
    eventually(lambda: server.frontend.bodies.held == 0)


def test_requests_that_wait_for_their_turn_take_of_the_budget(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes behind a request that takes a while is held, and nobody has proven who sends it."""
    going_on = hold_changes(monkeypatch)
    server.frontend.bodies.most, server.frontend.bodies.for_proven = 1_000_000, 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(signed(server, root_of(server), "CreateUser", UserName="first"))
        eventually(lambda: server.running.server_state.tasks)
        connection.sendall(part_of_a_body(200_000, 200_000))
        eventually(lambda: server.frontend.bodies.held == 200_000)
        going_on.set()
        eventually(lambda: server.frontend.bodies.held == 0)
