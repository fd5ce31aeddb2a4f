"""Carnet's own pages: health, readiness, and nothing else below their paths for who does not sign."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.assembly.worker import make_frontend
from carnet.base.http import HttpRequest, HttpResponse
from carnet.entities.operator_token import OperatorScope
from carnet.server.outbox import Answer
from tests.attacks.wire import Answer as Told
from tests.attacks.wire import as_bytes, audit, root_of, send, signed_request
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import operator_token
from tests.server.pipelined import all_from
from tests.server.proxies import FORWARDING
from tests.waiting import eventually


def get(server: InProcessServer, path: str, method: str = "GET") -> Told:
    return send(server, f"{method} {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())


@pytest.mark.parametrize("path", ["/_carnet/health", "/healthz"])
def test_health_tells_that_the_process_decides(server: InProcessServer, path: str) -> None:
    answer = get(server, path)
    assert answer.status == 200
    assert json.loads(answer.body)["status"] == "ok"
    assert json.loads(answer.body)["store"] == "reachable"


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For: 192.0.2.1", "x-forwarded-host: a", "Forwarded: for=192.0.2.1", "Via: 1.1 a", "X-Real-IP: a"],
)
def test_strangers_behind_a_proxy_learn_only_whether_it_is_up(server: InProcessServer, header: str) -> None:
    answer = send(server, f"GET /_carnet/health HTTP/1.1\r\nhost: x\r\n{header}\r\n\r\n".encode())
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})


def test_an_operator_learns_more_from_elsewhere_over_tls(server: InProcessServer) -> None:
    made, other = operator_token(server, OperatorScope.STATUS_READ), operator_token(server, OperatorScope.AUDIT_READ)
    assert details(server, made.text, secure=True)
    assert not details(server, made.text, secure=False)
    assert not details(server, other.text, secure=True)
    assert not details(server, f"{made.text}x", secure=True)


@pytest.mark.parametrize("header", FORWARDING)
def test_a_token_that_came_in_the_clear_through_a_proxy_is_nobody_s(server: InProcessServer, header: str) -> None:
    """The proxy is on this machine; its client need not be."""
    token = operator_token(server, OperatorScope.STATUS_READ).text
    assert details(server, token, secure=False, peer="127.0.0.1")
    assert not details(server, token, (header, "192.0.2.1"), secure=False, peer="127.0.0.1")
    assert details(server, token, (header, "192.0.2.1"), secure=True, peer="127.0.0.1")


def details(
    server: InProcessServer, token: str, *further: tuple[str, str], secure: bool, peer: str = "192.0.2.1"
) -> bool:
    """Whether more is told than the status, to who calls from there with that token."""
    headers = (("authorization", f"Bearer {token}"), *further)
    request = HttpRequest(
        method="GET", path="/_carnet/health", query="", headers=headers, body=b"", peer=peer, secure=secure
    )
    answer = server.frontend.answer(request)
    assert isinstance(answer, Answer)
    assert isinstance(answer.response, HttpResponse)
    told: dict[str, object] = json.loads(answer.response.body)
    return told.keys() > {"status"}


def test_ready_tells_that_requests_may_come(server: InProcessServer) -> None:
    answer = get(server, "/_carnet/ready")
    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ready"})


def test_nobody_is_ready_before_he_has_started(tmp_path: Path) -> None:
    request = HttpRequest(
        method="GET", path="/_carnet/ready", query="", headers=(), body=b"", peer="127.0.0.1", secure=False
    )
    with ExitStack() as stack:
        installation = stack.enter_context(open_installation(Settings(data_dir=tmp_path), create=True))
        first_account(installation)
        opening = make_frontend(installation, stack)
        before = opening.answer(request)
        opening.is_open = True
        after = opening.answer(request)
    assert isinstance(before, Answer)
    assert isinstance(after, Answer)
    assert (before.response.status, after.response.status) == (503, 200)


def test_nobody_is_ready_who_stops(server: InProcessServer) -> None:
    """A connection on which a request has begun to arrive is kept until that is answered."""
    raw = b"GET /_carnet/%b HTTP/1.1\r\nhost: x\r\n\r\n"
    address = ("127.0.0.1", server.port)
    with (
        socket.create_connection(address, timeout=60) as one,
        socket.create_connection(address, timeout=60) as other,
    ):
        begun = b"GET /_car"
        for connection in (one, other):
            connection.sendall(begun)
        eventually(lambda: server.frontend.bodies.held == 2 * len(begun))
        server.running.should_exit = True
        eventually(lambda: not server.frontend.is_open)
        one.sendall((raw % b"ready").removeprefix(begun))
        other.sendall((raw % b"health").removeprefix(begun))
        assert all_from(one).startswith(b"HTTP/1.1 503 ")
        assert all_from(other).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "path",
    [
        *["/_carnet", "/_carnet/", "/_carnet/x", "/_carnet/health/", "/_carnet/health/x", "//_carnet/health"],
        *["/%5Fcarnet/health", "/_CARNET/health", "/%2F_carnet", "/_carnet%2Fhealth", "/_carnet/../"],
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unsigned_there_is_nothing_else_and_no_service(server: InProcessServer, path: str, method: str) -> None:
    before = len(audit(server))
    answer = get(server, f"{path}?Action=GetCallerIdentity&Version=2011-06-15", method)
    assert answer.status == 404
    assert len(audit(server)) == before


@pytest.mark.parametrize("path", ["/_carnetx", "/x/_carnet", "/healthz/", "/healthz/x"])
def test_other_paths_are_for_a_service(server: InProcessServer, path: str) -> None:
    before = len(audit(server))
    assert get(server, path).code == "MissingAuthenticationToken"
    assert len(audit(server)) == before + 1


def test_own_pages_are_read_only(server: InProcessServer) -> None:
    answer = get(server, "/_carnet/health", "POST")
    assert answer.status == 405
    assert "allow: GET, HEAD" in answer.head


def test_a_signed_request_is_for_its_service_wherever_it_goes(server: InProcessServer) -> None:
    request = signed_request(server, root_of(server), b"", method="GET", target="/_carnet/x", headers={})
    assert send(server, as_bytes(request)).code == "InvalidAction"
