"""An upstream's answers are taken whole or not at all, and its connections are used again while they live."""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from typing import Any

import pytest
from msgspec.structs import replace

from carnet.gateway.upstreams.connection import UpstreamFailed, UpstreamRequest
from carnet.gateway.upstreams.response_reader import ResponseReader
from carnet.gateway.upstreams.upstream import Upstream, UpstreamResponse
from tests.gateway.upstreams import CLOSE, HASTY, PATIENT, Scripted, answer, upstream

GET = UpstreamRequest(method="GET", target="/b/k?x=1", headers=(("host", "up"), ("x-a", "1")))
POST = UpstreamRequest(method="POST", target="/", headers=(("host", "up"),), body=b"{}")
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


async def ask(to: Upstream, request: UpstreamRequest = GET) -> tuple[int, bytes]:
    response = await to.exchange(request)
    return response.status, await response.whole(10_000_000)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 120))


def test_a_connection_is_used_again() -> None:
    async def test() -> None:
        script = Scripted(answer(b"one"), answer(b"two", "X-Other: Value "), answer(b"three"))
        async with upstream(script.serve) as to:
            assert await ask(to) == (200, b"one")
            response = await to.exchange(GET)
            assert (response.headers, response.length) == ((("content-length", "3"), ("x-other", "Value")), 3)
            assert await response.whole(10) == b"two"
            assert await ask(to, POST) == (200, b"three")
            assert script.connections == 1
            assert script.requests[0] == b"GET /b/k?x=1 HTTP/1.1\r\nhost: up\r\nx-a: 1\r\n\r\n"
            assert script.requests[2] == b"POST / HTTP/1.1\r\nhost: up\r\ncontent-length: 2\r\n\r\n{}"

    run(test())


@pytest.mark.parametrize("request_", [GET, POST])
def test_an_idle_connection_that_died_is_not_noticed_by_anyone(request_: UpstreamRequest) -> None:
    """The upstream has restarted. Without a turn of the loop in between, nobody has told us yet."""

    async def test() -> None:
        script = Scripted(answer(b"one"), answer(b"two"))
        async with upstream(script.serve) as to:
            await ask(to)
            for writer in script.writers:
                writer.transport.get_extra_info("socket").shutdown(2)
            assert await ask(to, request_) == (200, b"two")
            assert script.connections == 2

    run(test())


def test_a_request_without_a_body_is_sent_again_on_another_connection() -> None:
    async def test() -> None:
        script = Scripted(answer(b"one"), CLOSE, answer(b"two"))
        async with upstream(script.serve) as to:
            await ask(to)
            assert await ask(to) == (200, b"two")
            assert len(script.requests) == 3

    run(test())


def test_a_request_with_a_body_is_not_sent_twice() -> None:
    async def test() -> None:
        script = Scripted(answer(b"one"), CLOSE, answer(b"two"))
        async with upstream(script.serve) as to:
            await ask(to)
            with pytest.raises(UpstreamFailed) as caught:
                await ask(to, POST)
            assert caught.value.sent
            assert len(script.requests) == 2

    run(test())


def test_a_new_connection_that_ends_is_a_failure() -> None:
    async def test() -> None:
        script = Scripted(CLOSE)
        async with upstream(script.serve) as to:
            with pytest.raises(UpstreamFailed, match="closed the connection"):
                await ask(to)
            assert len(script.requests) == 1

    run(test())


@pytest.mark.parametrize(
    ("method", "sent"),
    [
        ("HEAD", answer(length=4096)),
        ("HEAD", CHUNKED),
        ("GET", answer(status="204 No Content", length=5)),
        ("GET", answer(status="304 Not Modified", length=5)),
    ],
)
def test_answers_without_a_body_whatever_their_length(method: str, sent: bytes) -> None:
    async def test() -> None:
        script = Scripted(sent, answer(b"next"))
        async with upstream(script.serve) as to:
            _, body = await ask(to, UpstreamRequest(method=method, target="/", headers=()))
            assert body == b""
            assert await ask(to) == (200, b"next")
            assert script.connections == 1

    run(test())


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (CHUNKED + b"3\r\nabc\r\n0\r\nx-trailer: 1\r\n\r\n", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + answer(b"abc"), b"abc"),
        (b"HTTP/1.1 102 Processing\r\n\r\n" * 32 + answer(b"abc"), b"abc"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0003\r\n\r\nabc", b"abc"),
    ],
)
def test_how_an_end_is_told(sent: bytes, body: bytes) -> None:
    async def test() -> None:
        script = Scripted(sent, answer(b"next"))
        async with upstream(script.serve) as to:
            assert await ask(to) == (200, body)
            assert await ask(to) == (200, b"next")
            assert script.connections == 1

    run(test())


@pytest.mark.parametrize(
    "sent",
    [b"HTTP/1.1 200 OK\r\n\r\nabc", b"HTTP/1.0 200 OK\r\n\r\nabc", b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc"],
)
def test_an_end_that_only_the_connection_tells(sent: bytes) -> None:
    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        writer.close()

    async def test() -> None:
        async with upstream(serve) as to:
            assert await ask(to) == (200, b"abc")
            assert await ask(to) == (200, b"abc")

    run(test())


def test_a_connection_that_breaks_tells_no_end() -> None:
    """Also where nothing but the connection's end would tell it."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nabc")
        await reader.readexactly(1)
        told = writer.transport.get_extra_info("socket")
        told.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, and no end
        writer.transport.abort()

    async def test() -> None:
        async with upstream(serve) as to:
            response = await to.exchange(GET)
            assert await anext(response) == b"abc"
            response._connection._write(b"x")
            with pytest.raises(UpstreamFailed, match="broke"):
                await response.whole(10)

    run(test())


def test_an_answer_that_is_taken_whole_comes_in_time() -> None:
    """A byte now and then is nothing that has stopped, and holds a connection and a request for ever."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(length=1_000_000))
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def test() -> None:
        async with upstream(serve, patience=replace(PATIENT, whole=0.5)) as to:
            with pytest.raises(UpstreamFailed, match="takes too long"):
                await ask(to)
            async with asyncio.timeout(60):  # what is streamed comes as long as it comes
                assert len([await anext(response) for response in [await to.exchange(GET)] for _ in range(40)]) == 40

    run(test())


def test_what_has_come_in_chunks_of_a_byte_is_one_piece() -> None:
    reader = ResponseReader("GET")
    assert reader.feed(CHUNKED) == []
    assert reader.feed(b"2\r\nab\r\n" * 10_000) == [b"ab" * 10_000]
    assert reader.feed(b"0\r\n\r\n") == []
    assert reader.ended


def waits(response: UpstreamResponse) -> bool:
    """Whether the upstream is made to wait."""
    return response._connection._paused


def test_pieces_of_a_byte_are_no_more_memory_than_long_ones() -> None:
    """An upstream is made to wait after some thousands of them, not after half a million."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(length=1_000_000))
        await reader.read()

    async def test() -> None:
        async with upstream(serve) as to:
            response = await to.exchange(GET)
            connection, pieces = response._connection, 0
            while not waits(response):
                connection.data_received(b"xy")
                pieces += 1
                assert pieces < 10_000
            assert pieces > 1_000
            for _ in range(pieces):
                await anext(response)
            assert not waits(response)
            await response.aclose()

    run(test())


@pytest.mark.parametrize("keep", ["Connection: close", "Connection: Close, x"])
def test_a_connection_that_is_to_end_is_not_used_again(keep: str) -> None:
    async def test() -> None:
        script = Scripted(answer(b"one", keep), answer(b"two"))
        async with upstream(script.serve) as to:
            await ask(to)
            await ask(to)
            assert script.connections == 2

    run(test())


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
        b"HTTP/1.1 600 Beyond\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 099 Before\r\n\r\n" + answer(b"abc"),
        b"HTTP/1.1 102 Processing\r\n\r\n" * 33 + answer(b"abc"),
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\ncontent-length: -3\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 66_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 201 + b"content-length: 0\r\n\r\n",
        CHUNKED + b"nonsense\r\n",
        answer(b"abcd", length=3),  # more than was said
    ],
)
def test_what_is_no_answer_is_a_failure(sent: bytes) -> None:
    async def test() -> None:
        script = Scripted(sent, answer(b"next"))
        async with upstream(script.serve) as to:
            with pytest.raises(UpstreamFailed) as caught:
                await ask(to)
            assert caught.value.sent
            assert await ask(to) == (200, b"next")
            assert script.connections == 2

    run(test())


@pytest.mark.parametrize("sent", [answer(b"abc", length=5), CHUNKED + b"5\r\nabc", b"HTTP/1.1 200 OK\r\ncontent-len"])
@pytest.mark.parametrize("ends", [True, False])
def test_an_answer_that_stops_is_never_a_short_success(sent: bytes, ends: bool) -> None:
    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        if ends:
            writer.close()
        else:
            await reader.read()

    async def test() -> None:
        async with upstream(serve, patience=PATIENT if ends else HASTY) as to:
            with pytest.raises(UpstreamFailed):
                await ask(to)

    run(test())


def test_what_nobody_asked_for_is_no_answer_to_the_next() -> None:
    async def test() -> None:
        script = Scripted(answer(b"one"), answer(b"two"))
        async with upstream(script.serve) as to:
            await ask(to)
            script.writers[0].write(answer(b"planted"))
            await script.writers[0].drain()
            assert await ask(to) == (200, b"two")
            assert script.connections == 2

    run(test())


def test_an_upstream_that_is_silent_or_away() -> None:
    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def test() -> None:
        async with upstream(serve, patience=HASTY, most=1) as to:
            with pytest.raises(UpstreamFailed, match="does not answer") as caught:
                await ask(to)
            assert caught.value.sent
            first = asyncio.ensure_future(ask(to))
            await asyncio.sleep(0)
            with pytest.raises(UpstreamFailed, match="in use") as caught:
                await ask(to)
            assert not caught.value.sent
            with pytest.raises(UpstreamFailed):
                await first
        with pytest.raises(UpstreamFailed, match="cannot be reached") as caught:
            await ask(to)
        assert not caught.value.sent

    run(test())


class Given:
    """A body in pieces, of which so many are given."""

    def __init__(self, pieces: int, size: int = 100_000, *, fails: bool = False) -> None:
        self.given = 0
        self._pieces, self._size, self._fails = pieces, size, fails

    def __aiter__(self) -> Given:
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        if self.given == self._pieces:
            if self._fails:
                raise LookupError
            raise StopAsyncIteration
        self.given += 1
        return bytes(self._size)

    async def aclose(self) -> None:
        pass


def put(body: Given, length: int) -> UpstreamRequest:
    return UpstreamRequest(method="PUT", target="/b/k", headers=(("host", "up"),), body=body, length=length)


def test_a_body_is_streamed() -> None:
    async def test() -> None:
        script = Scripted(answer(b"stored"), answer(b"next"))
        async with upstream(script.serve) as to:
            assert await ask(to, put(Given(30), 3_000_000)) == (200, b"stored")
            assert len(script.requests[0].partition(b"\r\n\r\n")[2]) == 3_000_000
            assert await ask(to) == (200, b"next")
            assert script.connections == 1

    run(test())


@pytest.mark.parametrize(("length", "fails"), [(200_000, True), (200_001, False), (199_999, False)])
def test_a_body_that_fails_is_never_there_whole(length: int, fails: bool) -> None:
    """Not even one that is as long as was said, if its end proves wrong."""

    async def test() -> None:
        script = Scripted(answer(b"next"))
        async with upstream(script.serve) as to:
            body = Given(1 if fails else 2, fails=fails)
            with pytest.raises(LookupError if fails else ValueError):
                await ask(to, put(body, length))
            assert script.requests == []
            assert await ask(to) == (200, b"next")

    run(test())


def test_an_answer_that_comes_early_ends_the_sending() -> None:
    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"no", status="403 Forbidden"))
        await writer.drain()
        await reader.read()
        writer.close()

    async def test() -> None:
        body = Given(100_000)
        async with upstream(serve) as to:
            assert await ask(to, put(body, 100_000 * 100_000)) == (403, b"no")
            assert body.given < 1000
            assert await ask(to) == (403, b"no")

    run(test())


def test_both_sides_press_back() -> None:
    """A slow upstream holds the sender, and a slow taker the upstream."""
    written = 0

    async def slow(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(5)

    async def eager(reader: StreamReader, writer: StreamWriter) -> None:
        nonlocal written
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        while written < 100_000_000:
            writer.write(bytes(100_000))
            written += 100_000
            await writer.drain()

    async def test() -> None:
        body = Given(1000)
        async with upstream(slow, patience=HASTY) as to:
            with pytest.raises(UpstreamFailed):
                await to.exchange(put(body, 100_000_000))
        assert body.given < 200  # the buffers of two sockets, and ours
        async with upstream(eager) as to:
            response = await to.exchange(GET)
            held = -1
            while held != written:  # until it is held, or all of it is written
                held = written
                await asyncio.sleep(0.3)
            assert 0 < written < 20_000_000
            await response.aclose()

    run(test())


@pytest.mark.parametrize(
    "request_",
    [
        UpstreamRequest(method="GET", target="/a b", headers=()),
        UpstreamRequest(method="GET", target="/a\r\nx: y", headers=()),
        UpstreamRequest(method="GET", target="/", headers=(("x", "a\r\nb: c"),)),
        UpstreamRequest(method="GET", target="/", headers=(("x", "a\nb"),)),
        UpstreamRequest(method="GET", target="/", headers=(("x\r", "a"),)),
    ],
)
def test_no_value_ends_its_line(request_: UpstreamRequest) -> None:
    async def test() -> None:
        script = Scripted(answer())
        async with upstream(script.serve) as to:
            with pytest.raises(ValueError, match="where none can be"):
                await ask(to, request_)
            assert script.requests == []

    run(test())


@pytest.mark.parametrize("url", ["", "up:80", "ftp://up", "http://", "http://key:secret@up", "file:///x"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        Upstream(url)


def test_an_answer_is_given_back_once() -> None:
    async def test() -> None:
        script = Scripted(*[answer(b"x")] * 6)
        async with upstream(script.serve, most=1) as to:
            for _ in range(3):
                response = await to.exchange(GET)
                await response.whole(1)
                await response.aclose()
            response = await to.exchange(GET)  # whose body nobody takes
            await response.aclose()
            with pytest.raises(UpstreamFailed, match="too long"):
                await (await to.exchange(GET)).whole(0)
            assert await ask(to) == (200, b"x")

    run(test())


def test_one_caller_leaves_connections_for_others() -> None:
    """Whose answers lie untaken, as those of slow clients do."""

    async def test() -> None:
        script = Scripted(answer(b"one"), answer(b"two"), answer(b"three"))
        async with upstream(script.serve, patience=replace(PATIENT, queue=0.2), most=2) as to:
            slow = await to.exchange(GET, "111122223333")
            with pytest.raises(UpstreamFailed, match="all connections to the upstream are in use"):
                await to.exchange(GET, "111122223333")
            others = await to.exchange(GET, "444455556666")
            assert await others.whole(10) == b"two"
            await slow.aclose()
            assert await (await to.exchange(GET, "111122223333")).whole(10) == b"three"

    run(test())
