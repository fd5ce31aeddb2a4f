"""Answers leave when their audit events are written, and in their order."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import select
import socket
import ssl
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from carnet.audit.log_files import JsonLines
from carnet.base.http import HttpResponse
from carnet.server.fairness import shares
from carnet.server.limits import Limits
from carnet.server.outbox import Answer, Outbox
from tests.attacks.wire import Connection, audit, call, root_of, signed
from tests.server.certificates import self_signed
from tests.server.held_changes import delay_changes, hold_changes
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.pipelined import all_from, all_until, answer_otherwise, create, read
from tests.waiting import PATIENCE_SECONDS, eventually

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def unsendable() -> Answer:
    """Its header has a line break."""
    return Answer(response=HttpResponse(status=200, headers=(("x", "a\r\ny: b"),), body=b""))


def send_on(connection: socket.socket) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.fixture
def with_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes together is answered in one turn of the loop, however slow the machine is."""
    monkeypatch.setattr(shares, "QUANTUM", 60.0)


@pytest.mark.usefixtures("with_one_turn")
def test_the_events_of_requests_that_came_together_are_written_together_before_any_answer(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    early: list[object] = []
    write = JsonLines.write

    def noting(lines: JsonLines, text: bytes) -> None:
        if b"GetUser" in text:  # a periodic job writes lines of its own, whenever it comes
            early.extend(select.select([client], [], [], 0)[0])
        written.append(text)
        write(lines, text)

    monkeypatch.setattr(JsonLines, "write", noting)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(read(server, "a") + HEALTH + read(server, "b") + read(server, "c"))
        answer = all_until(client, lambda answer: answer.count(b"</ErrorResponse>") == 3)
    assert re.findall(rb"HTTP/1.1 (\d+)|name (.) cannot", answer) == [
        *[(b"404", b""), (b"", b"a"), (b"200", b"")],
        *[(b"404", b""), (b"", b"b"), (b"404", b""), (b"", b"c")],
    ]
    assert not early
    together, decided = [text for text in written if b"GetUser" in text and text.count(b"\n") > 1]
    assert decided.count(b'"decision":') == 3
    assert re.findall(rb'"userName":"(.)"', together) == [b"a", b"b", b"c"]
    assert [event["requestParameters"]["userName"] for event in audit(server)[-3:]] == ["a", "b", "c"]


def test_where_the_disk_takes_no_events_each_is_told_so_in_its_own_answer(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = audit(server)
    with monkeypatch.context() as patched:
        server.refuse_lines(patched)
        with Connection(server) as connection:
            raw = read(server, "a") + HEALTH + signed(server, root_of(server), "GetCallerIdentity", service="sts")
            answers = [connection.send(raw), connection.send(b""), connection.send(b"")]
            change = connection.send(signed(server, root_of(server), "CreateUser", UserName="a"))
    assert [answer.status for answer in answers] == [503, 200, 503]
    assert (answers[0].code, answers[2].code, change.code) == ("ServiceUnavailable",) * 3
    assert answers[0].message == "The audit log cannot be written."
    ids = [re.findall("x-amzn-RequestId: (.*)\r", answer.head) for answer in (answers[0], answers[2], change)]
    assert len({one for (one,) in ids}) == 3
    assert audit(server) == before
    assert call(server, root_of(server), "GetUser", UserName="a").status == 404
    assert call(server, root_of(server), "CreateUser", UserName="a").status == 200


@pytest.mark.parametrize(("file", "member"), [("audit.jsonl", "audit_log"), ("decisions.jsonl", "decision_log")])
def test_health_says_which_log_the_disk_refuses(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, file: str, member: str
) -> None:
    put = JsonLines._put

    def refused(lines: JsonLines, text: bytes, end: int) -> None:
        if lines.path.name == file:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        put(lines, text, end)

    def told() -> set[str]:
        with urlopen(f"{server.endpoint}/_carnet/health", timeout=60) as answer:
            health = json.load(answer)
        return {name for name in ("audit_log", "decision_log") if health[name] != "writable"}

    with monkeypatch.context() as patched:
        patched.setattr(JsonLines, "_put", refused)
        assert call(server, root_of(server), "ListUsers").status == 503
        assert told() == {member}
    assert call(server, root_of(server), "ListUsers").status == 200
    assert told() == set()


def test_behind_an_answer_that_cannot_be_sent_nothing_is_answered(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_otherwise(monkeypatch, "b", unsendable)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(read(server, "a") + read(server, "b") + read(server, "a") + read(server, "a"))
        answer = all_from(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"404", b"500"]


@pytest.mark.usefixtures("with_one_turn")
def test_a_change_behind_an_answer_that_cannot_be_sent_is_made_and_told_to_nobody(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = hold_changes(monkeypatch)
    answer_otherwise(monkeypatch, "b", unsendable)
    monkeypatch.setattr(server.frontend, "limits", Limits(linger_seconds=0.3))
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(read(server, "b") + read(server, "c") + create(server, "d"))
        answer = all_from(connection)
        going_on.set()
        eventually(lambda: "CreateUser" in [event["eventName"] for event in audit(server)])
        with pytest.raises(ConnectionError):
            send_on(connection)  # nobody is listened to for long
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"500"]
    assert call(server, root_of(server), "GetUser", UserName="d").status == 200


def test_a_client_that_is_refused_behind_a_change_sees_the_answer_to_that(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on sending what nobody reads: the end of the connection must not take the answer along."""
    going_on = hold_changes(monkeypatch)
    monkeypatch.setattr(server.frontend, "limits", Limits(linger_seconds=60))
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(create(server, "late") + b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000000\r\n\r\n")
        going_on.set()
        for _ in range(30):
            time.sleep(0.01)
            connection.sendall(b"a" * 1_000)
        assert all_from(connection).startswith(b"HTTP/1.1 200 ")


def test_no_deadline_runs_while_a_change_is_made(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    delay_changes(monkeypatch, lambda: time.sleep(1.5))
    monkeypatch.setattr(server.frontend, "limits", Limits(idle_seconds=1, request_seconds=1, linger_seconds=1))
    for number, behind in enumerate((b"", b"POST / HT", b"no request\r\n\r\n")):
        sent = read(server, "x") + create(server, f"user-{number}") + behind
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(sent)
            answer = all_from(connection)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer)[:2] == [b"404", b"200"], behind


def test_over_tls_a_client_that_ends_is_answered(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    context = ssl.create_default_context(cafile=str(files[0]))
    with in_process_server(tmp_path, tls=files) as server:
        received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(received, to_send, server_hostname="127.0.0.1")
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            while True:
                try:
                    session.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    connection.sendall(to_send.read())
                    received.write(connection.recv(65536))
            session.write(HEALTH)
            with pytest.raises(ssl.SSLWantReadError):
                session.unwrap()
            connection.sendall(to_send.read())  # the request and the client's end, in one
            received.write(all_from(connection))
        assert session.read(65536).startswith(b"HTTP/1.1 200 ")


def test_an_answer_that_fails_behind_a_change_hides_no_change(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> object:
        raise RuntimeError("unforeseen")

    with monkeypatch.context() as patched:
        patched.setattr("carnet.server.app.write", fails)
        change = call(server, root_of(server), "CreateUser", UserName="a")
        change_event = audit(server)[-1]
        look = call(server, root_of(server), "GetUser", UserName="a")
        look_event = audit(server)[-1]
    assert (change.status, change.code) == (look.status, look.code) == (500, "InternalFailure")
    assert (change_event["eventName"], change_event.get("errorCode")) == ("CreateUser", None)
    assert (look_event["eventName"], look_event.get("errorCode")) == ("GetUser", "InternalFailure")


def test_long_answers_do_not_wait_for_one_another(tmp_path: Path) -> None:
    sent: list[int] = []

    async def put() -> list[int]:
        outbox = Outbox(JsonLines(tmp_path / "audit.jsonl"))
        for number in range(5):
            response = HttpResponse(status=200, headers=(), body=b"x" * 40_000)
            outbox.put(Answer(response=response), lambda _, number=number: sent.append(number))  # type: ignore[misc]
        return list(sent)

    assert asyncio.run(put()) == [0, 1, 2, 3]
    assert sent == [0, 1, 2, 3, 4]


def test_an_answer_that_cannot_be_sent_keeps_back_no_other(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[str | None] = []

    def fails(_: str | None) -> None:
        raise RuntimeError("unforeseen")

    async def put() -> None:
        outbox = Outbox(JsonLines(tmp_path / "audit.jsonl"))
        answer = Answer(response=HttpResponse(status=200, headers=(), body=b""), event=b"{}\n")
        for send in (sent.append, fails, sent.append):
            outbox.put(answer, send)

    asyncio.run(put())
    assert sent == [None, None]
    assert "an answer was not sent" in caplog.text
    assert (tmp_path / "audit.jsonl").read_text() == "{}\n" * 3


def test_a_client_is_asked_for_a_body_only_behind_the_answers_before(server: InProcessServer) -> None:
    head, _, body = read(server, "b").partition(b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(read(server, "a") + head + b"\r\nExpect: 100-continue\r\n\r\n")
        answer = all_until(connection, lambda answer: b" 100 " in answer)
        connection.sendall(body)
        answer += all_until(connection, lambda answer: b"name b cannot" in answer)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"404", b"100", b"404"]
