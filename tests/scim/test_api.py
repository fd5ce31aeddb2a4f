"""Who may provision, and what comes of everything else: other tenants' tokens, long bodies, equal addresses."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest

from carnet.base.faults import Missing, TooMany
from carnet.scim import api
from carnet.scim.calls import LONGEST_BODY
from carnet.server.fairness.throttle import Throttle, Throttled
from carnet.server.outbox import Answer
from carnet.server.writer import Writer
from carnet.services.execution import Change, Outcome
from carnet.services.identity_center import new_instance
from carnet.services.scim_tokens import delete_here, list_here
from tests.attacks.wire import audit
from tests.scim.provisioner import Provisioner, a_user, another_token
from tests.server.in_process import InProcessServer


@pytest.fixture(scope="module")
def other(server: InProcessServer, scim: Provisioner) -> Provisioner:
    """The provisioner of another account's instance."""
    token = server.client("organizations")
    token.create_organization()
    made = token.create_account(Email="other@example.com", AccountName="other")["CreateAccountStatus"]
    status = token.describe_create_account_status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"]
    parts = server.installation
    with parts.store.write() as unit:
        owner = parts.directory.catch_up(unit.base).accounts[status["AccountId"]]
        instance = new_instance(parts.ids, owner, organization=None, region="us-east-1", now=server.clock())
        unit.add(instance)
    parts.directory.catch_up()
    return another_token(server, instance.identity_store)


def delete(server: InProcessServer, scim: Provisioner, token: str) -> None:
    parts = server.installation
    delete_here(parts.operator_call(), identity_store=scim.tenant, token=token)


@pytest.mark.parametrize("mode", ["v2", "rfc/v2"])
def test_a_token_is_good_for_its_own_tenant_alone(scim: Provisioner, other: Provisioner, mode: str) -> None:
    for crossed in (replace(scim, tenant=other.tenant), replace(other, tenant=scim.tenant)):
        for method, path, given in (("GET", "Users", None), ("POST", "Users", a_user("mallory"))):
            told = crossed.speaking(mode)(method, path, given)
            assert (told.status, told.members["status"]) == (401, "401")
    assert other("GET", "Users").members["Resources"] == []


def test_a_deleted_token_opens_nothing_at_once_and_two_are_the_most(server: InProcessServer, scim: Provisioner) -> None:
    second = another_token(server, scim.tenant)
    with pytest.raises(TooMany, match="has 2 SCIM tokens"):
        another_token(server, scim.tenant)
    assert second("GET", "Users").status == 200
    newest = list_here(server.installation.directory, identity_store=scim.tenant)[-1]
    parts = server.installation
    with parts.store.write() as unit:  # as another node does: this one has not heard of it
        unit.remove(newest)
    assert second("POST", "Users", a_user("mallory")).status == 401
    parts.directory.catch_up()
    assert second("GET", "Users").status == 401
    assert scim("GET", "Users").status == 200
    with pytest.raises(Missing):
        delete(server, scim, newest.id)


def test_a_token_is_good_for_a_year(server: InProcessServer, scim: Provisioner) -> None:
    day = 24 * 60 * 60
    server.clock.advance(364 * day)
    assert scim("GET", "Users").status == 200
    server.clock.advance(2 * day)
    assert scim("GET", "Users").status == 401
    server.clock.advance(-366 * day)


@pytest.mark.parametrize("token", ["", "x", "carnet_scim_" + "0" * 64, "carnet_ot_" + "0" * 64])
def test_what_is_no_token_opens_nothing(scim: Provisioner, token: str) -> None:
    assert replace(scim, token=token)("GET", "Users").status == 401


def test_the_token_in_the_clear_over_a_proxy_is_refused(scim: Provisioner) -> None:
    assert scim("GET", "Users", headers={"x-forwarded-for": "192.0.2.1"}).status == 403


def test_the_network_configuration_of_the_store_binds_provisioners(scim: Provisioner) -> None:
    client = scim.server.client("identitystore")
    network = {"VpceAccessRequired": False, "ScimAllowSourceIps": ["192.0.2.0/24"]}
    client.update_identity_store(IdentityStoreId=scim.tenant, NetworkConfiguration=network)
    try:
        assert scim("GET", "Users").status == 403
    finally:
        client.update_identity_store(IdentityStoreId=scim.tenant)
    assert scim("GET", "Users").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "Me", 404),
        ("POST", "Bulk", 404),
        ("POST", ".search", 404),
        ("GET", "", 404),
        ("GET", "Users/x/y", 404),
        ("GET", "Users/x", 404),
        ("GET", "Users/", 200),
        ("PUT", "Users", 405),
        ("DELETE", "Groups", 405),
        ("GET", "ServiceProviderConfig", 200),
        ("GET", "Users?" + "&".join(f"a{number}=1" for number in range(21)), 400),
    ],
)
def test_what_is_there_and_what_is_not(scim: Provisioner, method: str, path: str, status: int) -> None:
    assert scim(method, path).status == status


@pytest.mark.parametrize(("more", "status"), [(0, 400), (1, 413)])
def test_a_body_is_so_long(scim: Provisioner, more: int, status: int) -> None:
    body = b" " * (LONGEST_BODY + more)
    assert scim("POST", "Users", body).status == status


def test_nobody_takes_a_person_over_by_an_equal_email_address(scim: Provisioner) -> None:
    victim = scim.user("victim", emails=[{"value": "victim@example.com", "primary": True}])
    assert scim("POST", "Users", a_user("mallory", emails=[{"value": "VICTIM@example.com"}])).status == 409
    mallory = scim.user("mallory", emails=[{"value": "mallory@example.com", "primary": True}])
    change = {"op": "replace", "path": "emails", "value": [{"value": "victim@example.com"}]}
    for mode in ("v2", "rfc/v2"):
        assert scim.speaking(mode).patch(f"Users/{mallory}", change).status == 409
    client = scim.server.client("identitystore")
    unique = {"AttributePath": "emails.value", "AttributeValue": "victim@example.com"}
    found = client.get_user_id(IdentityStoreId=scim.tenant, AlternateIdentifier={"UniqueAttribute": unique})
    assert found["UserId"] == victim


def test_the_audit_log_says_what_was_asked_and_no_value(server: InProcessServer, scim: Provisioner) -> None:
    user = scim.user("logged", title="very personal")
    scim("PUT", f"Users/{user}", a_user("logged", title="very personal"))
    event = audit(server)[-1]
    assert (event["eventName"], event["requestParameters"]["id"]) == ("ScimPutUser", user)
    assert event["userIdentity"]["identityStoreId"] == scim.tenant
    scim("POST", "Users", {"userName": "very personal"})
    failed = audit(server)[-1]
    assert (failed["eventName"], failed["errorCode"]) == ("ScimCreateUser", "400")
    text = server.installation.settings.audit_file.read_text()
    assert "very personal" not in text
    assert scim.token not in text


@pytest.mark.parametrize("mode", ["v2", "rfc/v2"])
def test_a_store_that_does_not_answer_is_told_of_as_scim_says(
    server: InProcessServer, scim: Provisioner, mode: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Writer, "_is_stuck", lambda writer: True)
    told = scim.speaking(mode)("POST", "Users", a_user(name))
    assert (told.status, told.members["status"]) == (503, "503")
    assert "Nothing was changed" in told.members["detail"]
    failed = audit(server)[-1]
    assert (failed["eventName"], failed["errorCode"]) == ("ScimCreateUser", "503")


def test_a_change_takes_the_turn_of_the_tenants_account(
    server: InProcessServer, scim: Provisioner, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = []
    write = Writer.write

    def seen(writer: Writer, change: Change, account: str) -> Coroutine[Any, Any, Outcome]:
        accounts.append(account)
        return write(writer, change, account)

    monkeypatch.setattr(Writer, "write", seen)
    scim.user(name)
    assert accounts == [server.root.account]


def test_who_calls_too_often_is_held_back_in_the_name_of_the_account(
    server: InProcessServer, scim: Provisioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []

    def admit(*_: object, **__: object) -> None:
        raise Throttled(0.0, None)

    def seen(**given: Any) -> Answer:
        answers.append(Answer(**given))
        return answers[-1]

    monkeypatch.setattr(Throttle, "admit", admit)
    monkeypatch.setattr(api, "Answer", seen)
    assert scim("GET", "Users").status == 429
    assert [answer.account for answer in answers] == [server.root.account]


def test_a_fault_of_the_server_is_no_traceback(scim: Provisioner, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(api, "_call", broken)
    told = scim("GET", "Users")
    assert (told.status, told.members["detail"]) == (500, "An internal error occurred.")
