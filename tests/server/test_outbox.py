"""Answers leave when their audit events are written, and in their order."""

from __future__ import annotations

import re
import select
import socket

import pytest

from carnet.access.http_request import HttpRequest
from carnet.access.json_lines import JsonLines
from carnet.base.faults import Unavailable
from carnet.protocols.http_response import HttpResponse
from carnet.server.app import AwsApi
from carnet.server.outbox import Answer
from tests.attacks.wire import Connection, audit, call, root_of, signed
from tests.server.in_process import InProcessServer

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def read(server: InProcessServer, name: str) -> bytes:
    return signed(server, root_of(server), "GetUser", UserName=name)


def test_the_events_of_requests_that_came_together_are_written_together_before_any_answer(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    early: list[object] = []
    write = JsonLines.write

    def noting(lines: JsonLines, text: bytes) -> None:
        early.extend(select.select([client], [], [], 0)[0])
        written.append(text)
        write(lines, text)

    monkeypatch.setattr(JsonLines, "write", noting)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(read(server, "a") + HEALTH + read(server, "b") + read(server, "c"))
        answer = b""
        while answer.count(b"</ErrorResponse>") < 3:
            answer += client.recv(65536)
    assert re.findall(rb"HTTP/1.1 (\d+)|name (.) cannot", answer) == [
        *[(b"404", b""), (b"", b"a"), (b"200", b"")],
        *[(b"404", b""), (b"", b"b"), (b"404", b""), (b"", b"c")],
    ]
    assert not early
    (together,) = [text for text in written if b"GetUser" in text and text.count(b"\n") > 1]
    assert re.findall(rb'"userName":"(.)"', together) == [b"a", b"b", b"c"]
    assert [event["requestParameters"]["userName"] for event in audit(server)[-3:]] == ["a", "b", "c"]


def test_where_the_disk_takes_no_events_each_is_told_so_in_its_own_answer(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The audit log cannot be written.")

    before = audit(server)
    with monkeypatch.context() as patched:
        patched.setattr(JsonLines, "write", full)
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
    assert call(server, root_of(server), "GetUser", UserName="a").status == 200


def test_behind_an_answer_that_cannot_be_sent_nothing_is_answered(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    respond = AwsApi.respond

    def broken(api: AwsApi, request: HttpRequest) -> object:
        if b"UserName=b" in request.body:
            return Answer(response=HttpResponse(status=200, headers=(("x", "a\r\ny: b"),), body=b""))
        return respond(api, request)

    monkeypatch.setattr(AwsApi, "respond", broken)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(read(server, "a") + read(server, "b") + read(server, "a") + read(server, "a"))
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"404", b"500"]


def test_a_client_is_asked_for_a_body_only_behind_the_answers_before(server: InProcessServer) -> None:
    head, _, body = read(server, "b").partition(b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(read(server, "a") + head + b"\r\nExpect: 100-continue\r\n\r\n")
        answer = b""
        while b" 100 " not in answer:
            answer += connection.recv(65536)
        connection.sendall(body)
        while b"name b cannot" not in answer:
            answer += connection.recv(65536)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"404", b"100", b"404"]
