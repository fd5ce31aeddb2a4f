"""Requests that are sent without waiting for answers: each is answered, in the order in which they were sent."""

from __future__ import annotations

import socket
from typing import NoReturn

import pytest

from carnet.base.http import HttpRequest
from carnet.server.app import AwsApi
from tests.attacks.wire import Connection, root_of, signed
from tests.server.held_changes import hold_changes
from tests.server.in_process import InProcessServer
from tests.server.pipelined import all_from, all_until, answer_otherwise, create, read


def fail() -> NoReturn:
    raise RuntimeError("unforeseen")


def test_what_is_read_behind_a_change_sees_the_change(server: InProcessServer) -> None:
    raw = b"".join([read(server, "a"), create(server, "a"), read(server, "a"), create(server, "b"), read(server, "b")])
    with Connection(server) as connection:
        answers = [connection.send(raw), *(connection.send(b"") for _ in range(4))]
    assert [answer.status for answer in answers] == [404, 200, 200, 200, 200]
    assert "<UserName>b</UserName>" in answers[4].text


def test_a_slow_change_keeps_back_only_its_own_connection(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = hold_changes(monkeypatch)
    with Connection(server) as other, socket.create_connection(("127.0.0.1", server.port), timeout=60) as waiting:
        waiting.sendall(create(server, "a") + read(server, "a"))
        assert other.send(read(server, "a")).status == 404
        going_on.set()
        answer = all_until(waiting, lambda answer: answer.count(b"HTTP/1.1 200 ") == 2)
    assert answer.index(b"CreateUserResponse") < answer.index(b"GetUserResponse")


def test_behind_a_request_that_fails_nothing_is_answered(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the answer of the second request would be taken for that of the first."""
    answer_otherwise(monkeypatch, "a", fail)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(create(server, "b") + read(server, "a") + read(server, "b") + read(server, "b"))
        answer = all_from(connection)
    assert answer.count(b"HTTP/1.1 ") == 2
    assert answer.index(b"HTTP/1.1 200 ") < answer.index(b"HTTP/1.1 500 ")


def test_a_thousand_requests_at_once(server: InProcessServer) -> None:
    """More answers than the client has room for: the rest waits until it reads."""
    iam = server.client("iam")
    for number in range(20):
        iam.create_user(UserName=f"user-{number}", Path=f"/{'x' * 500}/")
    one = signed(server, root_of(server), "ListUsers")
    with Connection(server) as connection:
        answers = [connection.send(one * 1000), *(connection.send(b"") for _ in range(999))]
    assert {answer.status for answer in answers} == {200}
    assert {answer.text.count("<member>") for answer in answers} == {20}


def test_a_client_that_sends_nothing_more_gets_the_answer_to_its_change(server: InProcessServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(create(server, "a") + read(server, "a"))
        connection.shutdown(socket.SHUT_WR)
        answer = all_from(connection)
    assert answer.count(b"HTTP/1.1 200 ") == 2


def test_what_cannot_be_read_behind_a_failure_is_not_answered(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer_otherwise(monkeypatch, "a", fail)
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(read(server, "a") + b"no request\r\n\r\n")
        answer = all_from(connection)
    assert answer.count(b"HTTP/1.1 ") == answer.count(b"HTTP/1.1 500 ") == 1
    assert "Fatal error" not in caplog.text


def test_many_requests_at_once_let_others_have_their_turn(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two turns of one connection another is answered, though it came later."""
    order: list[str] = []
    respond = AwsApi.respond

    def noting(api: AwsApi, request: HttpRequest) -> object:
        order.append(request.path)
        if len(order) == 1:
            other.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")
        return respond(api, request)

    monkeypatch.setattr(AwsApi, "respond", noting)
    address = ("127.0.0.1", server.port)
    with socket.create_connection(address, timeout=60) as other, Connection(server) as many:
        raw = b"GET /many HTTP/1.1\r\nHost: x\r\n\r\n"
        answers = [many.send(raw * 1000), *(many.send(b"") for _ in range(999))]
        assert other.recv(4096).startswith(b"HTTP/1.1 ")
    assert len(answers) == order.count("/many") == 1000
    assert order.index("/other") < 900
