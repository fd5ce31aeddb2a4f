"""Requests to be sent behind one another on one connection, and what comes back."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from carnet.base.http import HttpRequest
from carnet.server.app import AwsApi
from tests.attacks.wire import root_of, signed
from tests.server.in_process import InProcessServer


def create(server: InProcessServer, name: str) -> bytes:
    """A change: root's call to create the user."""
    return signed(server, root_of(server), "CreateUser", UserName=name)


def read(server: InProcessServer, name: str) -> bytes:
    """Root's call to get the user."""
    return signed(server, root_of(server), "GetUser", UserName=name)


def all_from(connection: socket.socket) -> bytes:
    """What the server sends until it ends."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def all_until(connection: socket.socket, enough: Callable[[bytes], bool]) -> bytes:
    """What the server sends until it is enough; fails if it ends before."""
    answer = b""
    while not enough(answer):
        piece = connection.recv(65536)
        assert piece, f"the server has ended after {answer!r}"
        answer += piece
    return answer


def answer_otherwise(monkeypatch: pytest.MonkeyPatch, name: str, answer: Callable[[], object]) -> None:
    """Have requests about the user `name` answered by `answer`, and all others as ever."""
    respond = AwsApi.respond

    def chosen(api: AwsApi, request: HttpRequest) -> object:
        return answer() if f"UserName={name}".encode() in request.body else respond(api, request)

    monkeypatch.setattr(AwsApi, "respond", chosen)
