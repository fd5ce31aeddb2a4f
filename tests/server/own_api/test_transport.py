"""Carnet's own API answers over TLS, or to its own machine; and what else HTTP says of it."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path

import pytest

from carnet.base.http import HttpRequest
from carnet.entities.operator_token import OperatorScope
from carnet.server.outbox import Answer
from tests.server.certificates import self_signed
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import ACCOUNTS, call, operator_token
from tests.server.proxies import FORWARDING


def answered(
    server: InProcessServer,
    peer: str,
    *headers: tuple[str, str],
    secure: bool = False,
    unaudited: str | None = None,
) -> tuple[int, str]:
    """The status and the code of what is answered to a request of that peer."""
    token = operator_token(server, OperatorScope.STATUS_READ).text
    request = HttpRequest(
        method="GET",
        path=ACCOUNTS + "/111122223333",
        query="",
        headers=(("authorization", f"Bearer {token}"), *headers),
        body=b"",
        peer=peer,
        secure=secure,
    )
    answer = server.frontend.answer(request)
    assert isinstance(answer, Answer)
    response = answer.sent(unaudited)
    assert isinstance(response.body, bytes)
    return response.status, json.loads(response.body)["code"]


ADMITTED, REFUSED = (403, "AccessDenied"), (403, "InsecureTransport")


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.3.2.1", "::1"])
def test_its_own_machine_is_answered_in_the_clear(server: InProcessServer, peer: str) -> None:
    assert answered(server, peer) == ADMITTED


@pytest.mark.parametrize("peer", ["192.0.2.1", "::ffff:192.0.2.1", "10.0.0.1", "0.0.0.0", "", "localhost"])
def test_another_machine_is_not(server: InProcessServer, peer: str) -> None:
    assert answered(server, peer) == REFUSED
    assert answered(server, peer, secure=True) == ADMITTED


@pytest.mark.parametrize("name", FORWARDING)
def test_behind_a_proxy_it_is_not(server: InProcessServer, name: str) -> None:
    """The proxy is on this machine; its client need not be."""
    assert answered(server, "127.0.0.1", (name, "127.0.0.1")) == REFUSED
    assert answered(server, "127.0.0.1", (name, "127.0.0.1"), secure=True) == ADMITTED


def test_the_refusal_says_what_to_do(server: InProcessServer) -> None:
    refused = call(server, ACCOUNTS, headers={"X-Forwarded-For": "192.0.2.1"})
    assert refused.message == (
        "This request came in the clear through a proxy. Carnet's own API answers over TLS (carnet serve --tls-cert "
        "and --tls-key), or to programs on its own machine that use no proxy."
    )


def test_over_tls(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with in_process_server(tmp_path, tls=certificate) as server:
        token = operator_token(server, OperatorScope.ACCOUNTS_READ).text
        trusting = ssl.create_default_context(cafile=str(certificate[0]))
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trusting)
        connection.request(
            "GET", ACCOUNTS, headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.1"}
        )
        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.parametrize(
    "path",
    ["", "x", "accounts/", "accounts/x/y", "accounts/%31", "accounts/" + "1" * 129, "accounts/a%2fb", "Accounts"],
)
def test_there_is_nothing_else(server: InProcessServer, path: str) -> None:
    refused = call(server, f"/_carnet/v1/{path}")
    assert (refused.status, refused.code) == (404, "NotFound")


def test_another_method_is_told_which_there_are(server: InProcessServer) -> None:
    refused = call(server, ACCOUNTS, method="DELETE")
    assert (refused.status, refused.code, refused.header("allow")) == (405, "MethodNotAllowed", "post, get")


def test_a_body_that_nobody_asked_for_is_refused(server: InProcessServer) -> None:
    token = operator_token(server, OperatorScope.ACCOUNTS_READ).text
    assert call(server, ACCOUNTS, token=token, given={"x": 1}).code == "InvalidRequest"
    assert call(server, ACCOUNTS, token=token, given={}).status == 200


def test_what_cannot_be_audited_is_not_answered(server: InProcessServer) -> None:
    assert answered(server, "127.0.0.1", unaudited="The disk is full.") == (503, "ServiceUnavailable")
