from __future__ import annotations

import re
from datetime import timedelta

import pytest

from carnet.base.faults import Denied, Missing
from carnet.entities.device_authorization import DeviceAuthorization
from carnet.identity.oauth_tokens import AccessToken, opened, session_of
from carnet.services.execution import Done, Failed
from carnet.services.sso_oidc import devices
from tests.services.sso_oidc.people import Center
from tests.services.world import ServiceError


def test_a_device_asks_as_rfc_8628_says(center: Center) -> None:
    asked = center.device(center.register(legacy=True))
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", asked["userCode"])
    assert (asked["expiresIn"], asked["interval"]) == (600, 1)
    assert asked["verificationUriComplete"] == f"{asked['verificationUri']}?user_code={asked['userCode']}"
    assert asked["userCode"] not in asked["deviceCode"]


def test_it_waits_until_the_person_answers(center: Center) -> None:
    client, ann = center.register(legacy=True), center.person("ann")
    asked = center.device(client)
    with pytest.raises(ServiceError, match="Authorization is still pending") as waiting:
        center.poll(client, asked["deviceCode"])
    assert waiting.value.members == {"error": "authorization_pending"}
    center.answer(asked["userCode"].lower(), center.browser(ann))
    tokens = center.poll(client, asked["deviceCode"])
    assert (tokens["tokenType"], tokens["expiresIn"]) == ("Bearer", 8 * 3600)
    assert "refreshToken" not in tokens


@pytest.mark.parametrize("second", [True, False])
def test_of_answers_at_once_the_first_counts(center: Center, second: bool) -> None:
    client, ann, bob = center.register(legacy=True), center.person("ann"), center.person("bob")
    asked = center.device(client)
    changes = [
        center.answering(asked["userCode"], center.browser(ann)),
        center.answering(asked["userCode"], center.browser(bob), approved=second),
    ]
    done, failed = center.world.installation.execution.write_together(changes)
    assert isinstance(done, Done)
    assert isinstance(failed, Failed)
    assert isinstance(failed.problem, Missing)
    token = opened(
        center.world.installation.keyring, AccessToken, center.poll(client, asked["deviceCode"])["accessToken"]
    )
    assert token is not None
    session = session_of(center.world.snapshot, token.account, token.session)
    assert session is not None
    assert session.holder == ann.id


def test_who_has_registered_scopes_gets_a_refresh_token(center: Center) -> None:
    client = center.register(legacy=True, scopes=["sso:account:access"])
    asked = center.device(client)
    center.answer(asked["userCode"], center.browser(center.person("ann")))
    tokens = center.poll(client, asked["deviceCode"])
    assert tokens["expiresIn"] == 3600
    assert center.refresh(client, tokens["refreshToken"])["expiresIn"] == 3600


def test_polling_changes_nothing_as_long_as_nobody_answers(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    client = center.register(legacy=True)
    asked = center.device(client)
    monkeypatch.setattr(type(center.world.installation.store), "group", lambda self: pytest.fail("it takes a turn"))
    with pytest.raises(ServiceError, match="pending"):
        center.poll(client, asked["deviceCode"])


def test_who_polls_too_soon_is_told_to_slow_down(center: Center) -> None:
    client, ann = center.register(legacy=True), center.person("ann")
    asked, other = center.device(client), center.device(client)
    for code in (asked, other):  # each device has its own time
        with pytest.raises(ServiceError, match="AuthorizationPendingException"):
            center.poll(client, code["deviceCode"])
    for _ in range(2):
        center.world.clock.advance(0.49)
        with pytest.raises(ServiceError) as refused:
            center.poll(client, asked["deviceCode"])
        assert (refused.value.code, refused.value.members["error"]) == ("SlowDownException", "slow_down")
    center.world.clock.advance(0.5)
    with pytest.raises(ServiceError, match="AuthorizationPendingException"):
        center.poll(client, asked["deviceCode"])
    center.answer(asked["userCode"], center.browser(ann))
    assert center.poll(client, asked["deviceCode"])["accessToken"], "an answer is told at once"


def test_a_refusal_is_told(center: Center) -> None:
    client = center.register(legacy=True)
    asked = center.device(client)
    center.answer(asked["userCode"], center.browser(center.person("ann")), approved=False)
    with pytest.raises(ServiceError) as refused:
        center.poll(client, asked["deviceCode"])
    assert (refused.value.code, refused.value.members["error"]) == ("AccessDeniedException", "access_denied")


def test_it_waits_for_ten_minutes(center: Center) -> None:
    client, browser = center.register(legacy=True), center.browser(center.person("ann"))
    asked = center.device(client)
    center.world.clock.advance(599)
    with pytest.raises(ServiceError, match="pending"):
        center.poll(client, asked["deviceCode"])
    center.world.clock.advance(1)
    with pytest.raises(ServiceError, match="ExpiredTokenException"):
        center.poll(client, asked["deviceCode"])
    with pytest.raises(Missing):
        center.answer(asked["userCode"], browser)


def test_a_code_counts_once(center: Center) -> None:
    client, browser = center.register(legacy=True), center.browser(center.person("ann"))
    asked = center.device(client)
    center.answer(asked["userCode"], browser)
    with pytest.raises(Missing):
        center.answer(asked["userCode"], browser, approved=False)
    center.poll(client, asked["deviceCode"])
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.poll(client, asked["deviceCode"])


def test_a_code_of_another_client_is_worth_nothing(center: Center) -> None:
    client, other = center.register(legacy=True), center.register(legacy=True)
    asked = center.device(client)
    center.answer(asked["userCode"], center.browser(center.person("ann")))
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.poll(other, asked["deviceCode"])
    assert center.poll(client, asked["deviceCode"])["accessToken"]


@pytest.mark.parametrize("code", ["", "x", "BCDF-GHJK"])
def test_a_made_up_code_is_worth_nothing(center: Center, code: str) -> None:
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.poll(center.register(legacy=True), code)


def test_people_of_another_instance_cannot_answer(center: Center) -> None:
    asked = center.device(center.register(legacy=True))
    browser = center.browser(center.person("ann"))
    stranger = type(browser)(**{name: getattr(browser, name) for name in browser.__slots__} | {"account": "9" * 12})
    with pytest.raises(Missing):
        center.answer(asked["userCode"], stranger)


def test_who_is_signed_in_no_longer_cannot_answer(center: Center) -> None:
    ann = center.person("ann")
    asked, browser = center.device(center.register(legacy=True)), center.browser(ann)
    center.remove(browser)
    center.remove(ann)
    with pytest.raises(Denied):
        center.answer(asked["userCode"], browser)


def test_who_was_disabled_meanwhile_gets_no_token(center: Center) -> None:
    client, ann = center.register(legacy=True), center.person("ann")
    asked = center.device(client)
    center.answer(asked["userCode"], center.browser(ann))
    center.save(type(ann)(**{name: getattr(ann, name) for name in ann.__slots__} | {"enabled": False}))
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.poll(client, asked["deviceCode"])


@pytest.mark.parametrize(("limit", "most"), [("MOST_OF_NETWORK", 3), ("MOST", 3)])
def test_strangers_cannot_fill_the_store(
    center: Center, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(devices, limit, most)
    client = center.register(legacy=True)
    for _ in range(most):
        center.device(client)
    with pytest.raises(ServiceError, match="SlowDownException"):
        center.device(client)


def test_the_page_can_tell_which_device_asks(center: Center) -> None:
    center.device(center.register(legacy=True, clientName="my tool"))
    (device,) = center.world.snapshot.accounts[center.account].of(DeviceAuthorization)
    assert (device.client_name, device.address, device.user_agent) == ("my tool", "192.0.2.1", "world")
    assert device.expires - device.created == timedelta(minutes=10)


@pytest.mark.parametrize("url", ["https://d-ffffffffff.awsapps.com/start", "x"])
def test_an_unknown_start_url_is_refused(center: Center, url: str) -> None:
    client = center.register(legacy=True)
    with pytest.raises(ServiceError, match="Invalid start url"):
        center.oidc("StartDeviceAuthorization", startUrl=url, **client.proof)


def test_a_client_of_another_grant_cannot_ask(center: Center) -> None:
    with pytest.raises(ServiceError, match="UnauthorizedClientException"):
        center.device(center.register())
