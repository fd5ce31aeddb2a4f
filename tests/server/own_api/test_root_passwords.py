"""Root passwords through Carnet's own API: an operator gives leave, and whoever has the token sets one, once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.operator_token import OperatorScope
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import ACCOUNTS, Told, call, operator_token

GOOD, OTHER = "Correct-horse-1", "Battery-staple-2"


@pytest.fixture
def operator(server: InProcessServer) -> str:
    return operator_token(server, OperatorScope.ROOT_RESET).text


def reset(server: InProcessServer, operator: str | None, **given: Any) -> Told:
    path = f"{ACCOUNTS}/{server.root.account}/root-reset"
    return call(server, path, token=operator, method="POST", given=given)


def set_password(server: InProcessServer, token: str, password: str = GOOD) -> Told:
    given = {"token": token, "password": password}
    return call(server, "/_carnet/v1/root-password", method="POST", given=given)


def is_password(server: InProcessServer, password: str) -> bool:
    account = server.root.account
    profile = server.installation.directory.snapshot.accounts[account].of(LoginProfile).get(account)
    return server.installation.execution.parts.passwords.is_right(profile, password)


def test_a_token_sets_the_password_once(server: InProcessServer, operator: str) -> None:
    made = reset(server, operator)
    assert (made.status, made.members["account"]) == (201, server.root.account)
    done = set_password(server, made.members["token"])
    assert (done.status, done.members) == (200, {"account": server.root.account, "mfaDevicesRemoved": 0})
    assert is_password(server, GOOD)
    again = set_password(server, made.members["token"], OTHER)
    assert (again.status, again.code) == (403, "AccessDenied")
    assert is_password(server, GOOD)


def test_of_several_at_once_one_sets_it(server: InProcessServer, operator: str) -> None:
    token = reset(server, operator).members["token"]
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda number: set_password(server, token, f"Password-{number}").status, range(8)))
    assert done.count(200) == 1


def test_a_token_is_good_for_its_time(server: InProcessServer, operator: str) -> None:
    tokens = [reset(server, operator, hours=1).members["token"]]
    server.clock.advance(3599)
    assert set_password(server, tokens[0], "short").code == "InvalidRequest", "it is still good"
    server.clock.advance(1)
    assert set_password(server, tokens[0]).code == "AccessDenied"


def test_a_new_token_takes_the_place_of_the_one_before(server: InProcessServer, operator: str) -> None:
    first, second = (reset(server, operator).members["token"] for _ in range(2))
    assert set_password(server, first).code == "AccessDenied"
    assert set_password(server, second).status == 200


@pytest.mark.parametrize("hours", [0, 169, -1, "24"])
def test_how_long_it_is_good_has_limits(server: InProcessServer, operator: str, hours: object) -> None:
    assert reset(server, operator, hours=hours).code == "InvalidRequest"
    assert [reset(server, operator, hours=each).status for each in (1, 168)] == [201, 201]


@pytest.mark.parametrize("token", ["", "x", "carnet_rr_" + "0" * 64, "carnet_rr_" + "0" * 63, "carnet_ot_" + "0" * 64])
def test_what_was_never_given_sets_nothing_and_costs_no_hash(
    server: InProcessServer, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("hashed for somebody without leave")

    monkeypatch.setattr(server.installation.execution.parts.passwords, "hashed", never)
    told = set_password(server, token)
    assert (told.status, told.code) == (403, "AccessDenied")


def test_the_rules_of_root_passwords_are_told(server: InProcessServer, operator: str) -> None:
    token = reset(server, operator).members["token"]
    told = set_password(server, token, "password")
    assert (told.status, told.code) == (400, "InvalidRequest")
    assert told.message.startswith("A password has 8 to 128 characters")
    assert set_password(server, token).status == 200


def test_only_the_scope_for_it_gives_leave(server: InProcessServer) -> None:
    others = operator_token(server, *(set(OperatorScope) - {OperatorScope.ROOT_RESET})).text
    assert reset(server, others).code == "AccessDenied"
    assert reset(server, None).code == "MissingAuthenticationToken"
    missing = call(
        server,
        f"{ACCOUNTS}/999999999999/root-reset",
        token=operator_token(server, OperatorScope.ROOT_RESET).text,
        method="POST",
        given={},
    )
    assert (missing.status, missing.code) == (404, "NotFound")


def test_the_logs_know_of_it_without_token_and_password(server: InProcessServer, operator: str) -> None:
    token = reset(server, operator, removeMfa=True).members["token"]
    given = audit(server)[-1]
    assert (given["eventName"], given["userIdentity"]["type"]) == ("ResetRoot", "Operator")
    assert given["responseElements"]["removeMfa"] is True
    set_password(server, token)
    done = audit(server)[-1]
    assert done["eventName"] == "SetRootPassword"
    assert done["requestParameters"] == dict.fromkeys(("token", "password"), "HIDDEN_DUE_TO_SECURITY_REASONS")
    assert done["responseElements"] == {"account": server.root.account, "mfaDevicesRemoved": 0}
    stored = json.dumps(server.installation.store.audit_events())
    for text in (server.installation.settings.audit_file.read_text(), stored):
        assert "SetRootPassword" in text
        assert token not in text
        assert GOOD not in text


@pytest.mark.parametrize("removed", [True, False])
def test_the_mfa_devices_of_root_go_with_the_password_and_not_before(
    server: InProcessServer, operator: str, removed: bool
) -> None:
    here, account = server.installation, server.root.account
    phone = MfaDevice(
        id=here.ids.unique("AMFA"),
        account=account,
        name=f"phone-{removed}",
        created=server.clock(),
        holder=account,
        enabled=server.clock(),
        sealed_seed=b"sealed",
    )
    with here.store.write() as unit:
        unit.add(phone)
    here.directory.catch_up()
    token = reset(server, operator, removeMfa=removed).members["token"]
    assert here.directory.snapshot.accounts[account].mfa_devices_of(account) == (phone,)
    assert set_password(server, token).members["mfaDevicesRemoved"] == int(removed)
    assert here.directory.snapshot.accounts[account].mfa_devices_of(account) == (() if removed else (phone,))
