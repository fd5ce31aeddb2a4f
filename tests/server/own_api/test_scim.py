"""SCIM tokens are made, listed and taken back over HTTP, and what was asked for with them is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.entities.operator_token import OperatorScope
from tests.attacks.wire import Holder, audit
from tests.scim.provisioner import Provisioner, a_user, provisioner
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import ACCOUNTS, call, operator_token, signed_call
from tests.stores.test_left_over import prune


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("scim")) as running:
        yield running


@pytest.fixture(scope="module")
def scim(server: InProcessServer) -> Provisioner:
    """A provisioner of the first account's instance, with a first token."""
    return provisioner(server, server.root.account)


@pytest.fixture(scope="module")
def token(server: InProcessServer, scim: Provisioner) -> str:
    """An operator's."""
    return operator_token(server, OperatorScope.SCIM_WRITE, OperatorScope.AUDIT_READ).text


@pytest.fixture(scope="module")
def path(server: InProcessServer) -> str:
    return f"{ACCOUNTS}/{server.root.account}/identity-center"


def _tokens(server: InProcessServer, token: str, path: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = call(server, f"{path}/scim-tokens", token=token).members["tokens"]
    return listed


def test_a_token_follows_another_one(server: InProcessServer, scim: Provisioner, token: str, path: str) -> None:
    made = call(server, f"{path}/scim-tokens", token=token, method="POST", given={})
    assert (made.status, made.members["identityStoreId"]) == (201, scim.tenant)
    new = Provisioner(server, scim.tenant, made.members["token"])
    (unused,) = (each for each in _tokens(server, token, path) if each["id"] == made.members["id"])
    assert unused["lastUsed"] is None
    assert new("GET", "Users").status == 200
    event = next(each for each in reversed(audit(server)) if each["eventName"] == "CreateScimToken")
    assert event["responseElements"]["id"] == made.members["id"]
    assert made.members["token"] not in server.installation.settings.audit_file.read_text()
    full = call(server, f"{path}/scim-tokens", token=token, method="POST", given={})
    assert (full.status, full.code) == (409, "LimitExceeded")
    assert "has 2 SCIM tokens" in full.message
    listed = _tokens(server, token, path)
    assert [each["lastUsed"] is not None for each in listed if each["id"] == made.members["id"]] == [True]
    assert all("token" not in each for each in listed)
    gone = call(server, f"{path}/scim-tokens/{made.members['id']}", token=token, method="DELETE")
    assert (gone.status, gone.members["id"]) == (200, made.members["id"])
    assert new("GET", "Users").status == 401
    again = call(server, f"{path}/scim-tokens/{made.members['id']}", token=token, method="DELETE")
    assert again.status == 404
    assert scim("GET", "Users").status == 200


def test_when_a_token_was_used_is_written_and_not_pruned(
    server: InProcessServer, scim: Provisioner, token: str, path: str
) -> None:
    scim("GET", "Users")
    kept = _tokens(server, token, path)[0]
    parts = server.installation
    parts.execution.parts.last_used.exchange()
    prune(parts.store)
    assert kept["id"] in parts.store.last_uses.load(server.clock().replace(year=2000)).keys


def test_requests_are_listed_without_values(server: InProcessServer, scim: Provisioner, token: str, path: str) -> None:
    scim("GET", "Users")
    made = scim.speaking("rfc/v2").user("secret-name", schemas=["urn:ietf:params:scim:schemas:core:2.0:User"])
    scim("POST", "Users", a_user("secret-name"))
    scim("GET", f"Users/{made}")
    asked = call(server, f"{path}/scim-requests?limit=3", token=token)
    read, refused, created = asked.members["requests"]
    assert (read["request"], read["resource"], read["error"]) == ("ScimGetUser", made, None)
    assert (refused["request"], refused["error"], refused["mode"]) == ("ScimCreateUser", "409", "v2")
    assert (created["resource"], created["mode"], created["sourceIp"]) == (made, "rfc/v2", "127.0.0.1")
    assert "secret-name" not in json.dumps(asked.members)
    failed = call(server, f"{path}/scim-requests?limit=1&failed=true", token=token).members
    assert failed["requests"] == [refused]
    older = call(server, f"{path}/scim-requests?limit=1&after={asked.members['next']}", token=token).members
    assert older["requests"][0]["requestId"] != created["requestId"]
    assert call(server, f"{path}/scim-requests?limit=1001", token=token).status == 400
    assert call(server, f"{path}/scim-requests?after=forged", token=token).status == 400


def test_the_administrator_of_the_account_reads_and_others_do_not(
    server: InProcessServer, scim: Provisioner, path: str
) -> None:
    root = Holder(key_id=server.root.access_key_id, secret=server.root.secret_access_key)
    assert signed_call(server, root, f"{path}/scim-tokens").status == 200
    assert signed_call(server, root, f"{path}/scim-requests").status == 200
    iam = server.client("iam")
    iam.create_user(UserName="nobody-special")
    stranger = Holder.of(iam.create_access_key(UserName="nobody-special")["AccessKey"])
    for place in ("scim-tokens", "scim-requests"):
        assert signed_call(server, stranger, f"{path}/{place}").status == 403


def test_an_account_without_an_instance_has_none(server: InProcessServer, token: str) -> None:
    for place in ("scim-tokens", "scim-requests"):
        missing = call(server, f"{ACCOUNTS}/000000000000/identity-center/{place}", token=token)
        assert (missing.status, missing.code) == (404, "NotFound")
