"""Passkeys: made for this very page by somebody who is signed in, and asked to sign from then on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from carnet.console.enrolment import MOST_DEVICES
from carnet.console.outcomes import INCORRECT
from carnet.console.own_devices import FRESH
from carnet.entities.browser_session import SESSION_TOKEN, BrowserSession
from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.identity.mfa import Codes, judge, open_seed, opened
from carnet.identity.totp import code_of, step_at
from tests.console.authenticator import PRESENT, VERIFIED, Authenticator, text
from tests.console.browsing import Browser, Page
from tests.console.conftest import GOOD, Site

DEVICES = "/console/devices"
OWN = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*"}}'


def a_user(site: Site) -> str:
    """A user who may add devices."""
    user = site.user()
    site.iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=OWN)
    return user


def begun(browser: Browser) -> dict[str, Any]:
    page = browser.ask("POST", DEVICES, {}, x_carnet_csrf=browser.csrf())
    assert page.status == 200, page.text
    return page.told


def register(browser: Browser, key: Authenticator) -> Page:
    told = begun(browser)
    return browser.step("new-passkey", flow=told["flow"], credential=key.create(told["create"]))


def with_passkey(site: Site, **traits: Any) -> tuple[str, Authenticator]:
    """A user who has a passkey."""
    user, browser, key = a_user(site), site.browser, Authenticator(**traits)
    site.sign_in(browser, user)
    assert register(browser, key).told == {"next": "done"}
    return user, key


def device_of(site: Site, user: str) -> MfaDevice:
    view = site.server.installation.directory.snapshot.accounts[site.account]
    (listed,) = site.iam.list_mfa_devices(UserName=user)["MFADevices"]
    found = view.mfa_device(listed["SerialNumber"])
    assert found is not None
    return found


def test_a_passkey_is_made_and_signs_in(site: Site) -> None:
    user, browser, key = a_user(site), site.browser, Authenticator()
    site.sign_in(browser, user)
    told = begun(browser)
    assert told["create"]["rp"] == {"id": "localhost", "name": "Carnet"}
    assert told["create"]["authenticatorSelection"]["userVerification"] == "required"
    assert told["create"]["attestation"] == "none"
    assert browser.step("new-passkey", flow=told["flow"], credential=key.create(told["create"])).status == 200
    assert "passkey or security key" in browser.get("/console/security").text
    told = site.sign_in(site.browser, user)
    assert (told["next"], told["apps"]) == ("mfa", [])
    assert [each["id"] for each in told["passkey"]["allowCredentials"]] == [text(key.id)]
    assert (told["passkey"]["rpId"], told["passkey"]["userVerification"]) == ("localhost", "required")
    other = site.browser
    assert other.step("passkey", flow=told["flow"], credential=key.get(told["passkey"])).told == {"next": "done"}
    assert other.is_signed_in()


def test_iam_lists_it_and_takes_it_away(site: Site) -> None:
    user, key = with_passkey(site)
    browser = site.browser
    told = site.sign_in(browser, user)
    browser.step("passkey", flow=told["flow"], credential=key.get(told["passkey"]))
    (device,) = site.iam.list_mfa_devices(UserName=user)["MFADevices"]
    serial = device["SerialNumber"]
    assert serial.startswith(f"arn:aws:iam::{site.account}:u2f/user/{user}/passkey-")
    assert site.iam.get_mfa_device(SerialNumber=serial, UserName=user)["SerialNumber"] == serial
    listed = site.iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert serial not in [each["SerialNumber"] for each in listed]
    site.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    assert not site.iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert not browser.is_signed_in(), "the session was proven by it"
    assert site.sign_in(site.browser, user) == {"next": "done"}


def test_no_code_is_made_of_a_public_key(site: Site) -> None:
    """Anybody may know it."""
    user, _ = with_passkey(site)
    device, keyring = device_of(site, user), site.server.installation.keyring
    public = opened(keyring, device)
    assert public is not None
    now = site.server.clock()
    code = code_of(public, step_at(now))
    assert open_seed(keyring, device) is None
    assert not judge(keyring, device, Codes(device=device, codes=(code,)), now).right
    posing = replace(device, kind=MfaKind.VIRTUAL)
    assert not judge(keyring, posing, Codes(device=posing, codes=(code,)), now).right
    pair = {f"AuthenticationCode{each + 1}": code_of(public, step_at(now) + each) for each in range(2)}
    with pytest.raises(site.iam.exceptions.InvalidAuthenticationCodeException):
        site.iam.resync_mfa_device(UserName=user, SerialNumber=device.serial, **pair)


ALTERED: dict[str, Callable[[Authenticator], None]] = {
    "another origin": lambda key: setattr(key, "origin", "http://evil.example"),
    "another port": lambda key: setattr(key, "origin", "http://localhost:4748"),
    "another rpId": lambda key: setattr(key, "rp", "evil.example"),
    "nobody verified": lambda key: setattr(key, "flags", PRESENT),
    "nobody present": lambda key: setattr(key, "flags", VERIFIED),
    "in a frame": lambda key: setattr(key, "framed", True),
}


@pytest.mark.parametrize("altered", ALTERED)
def test_what_was_not_made_here_proves_nothing(site: Site, altered: str) -> None:
    user, key = with_passkey(site)
    told = site.sign_in(site.browser, user)
    ALTERED[altered](key)
    browser = site.browser
    page = browser.step("passkey", flow=told["flow"], credential=key.get(told["passkey"]))
    assert (page.status, page.told["message"]) == (401, INCORRECT)
    assert not browser.cookies
    registering = site.browser
    site.sign_in(registering, a_user(site))
    new = Authenticator()
    ALTERED[altered](new)
    assert register(registering, new).told["code"] == "PasskeyRefused"


def test_a_challenge_is_answered_once(site: Site) -> None:
    user, key = with_passkey(site)
    told = site.sign_in(site.browser, user)
    answer = key.get(told["passkey"])
    with ThreadPoolExecutor(4) as threads:
        given = [threads.submit(site.browser.step, "passkey", flow=told["flow"], credential=answer) for _ in range(4)]
    assert sorted(each.result().status for each in given) == [200, 401, 401, 401]
    later = site.sign_in(site.browser, user)
    replayed = site.browser.step("passkey", flow=later["flow"], credential=answer)
    assert replayed.told["message"] == INCORRECT, "it is of another challenge"


def test_a_new_passkey_is_made_once(site: Site) -> None:
    browser, key = site.browser, Authenticator()
    site.sign_in(browser, a_user(site))
    told = begun(browser)
    made = key.create(told["create"])
    assert browser.step("new-passkey", flow=told["flow"], credential=made).status == 200
    assert browser.step("new-passkey", flow=told["flow"], credential=made).status == 401
    other = site.browser
    site.sign_in(other, a_user(site))
    assert register(other, key).told["code"] == "SignInExpired", "a credential is of one holder"


def test_the_passkey_of_somebody_else_proves_nothing(site: Site) -> None:
    user, _ = with_passkey(site)
    _, other = with_passkey(site)
    told = site.sign_in(site.browser, user)
    page = site.browser.step("passkey", flow=told["flow"], credential=other.get(told["passkey"]))
    assert page.told["message"] == INCORRECT


def test_a_copy_is_noticed(site: Site) -> None:
    user, key = with_passkey(site, count=5)
    told = site.sign_in(site.browser, user)
    assert site.browser.step("passkey", flow=told["flow"], credential=key.get(told["passkey"])).status == 200
    assert device_of(site, user).sign_count == 6
    told = site.sign_in(site.browser, user)
    key.count = 5
    page = site.browser.step("passkey", flow=told["flow"], credential=key.get(told["passkey"]))
    assert page.told["message"] == INCORRECT


def test_of_several_passkeys_the_one_that_has_signed_is_used(site: Site) -> None:
    user, browser, keys = a_user(site), site.browser, [Authenticator(count=count) for count in (5, 20, 9)]
    site.sign_in(browser, user)
    for key in keys:
        assert register(browser, key).status == 200
    for key in reversed(keys):
        told = site.sign_in(site.browser, user)
        assert site.browser.step("passkey", flow=told["flow"], credential=key.get(told["passkey"])).status == 200
        view = site.server.installation.directory.snapshot.accounts[site.account]
        listed = site.iam.list_mfa_devices(UserName=user)["MFADevices"]
        devices = [view.mfa_device(each["SerialNumber"]) for each in listed]
        counts = {each.credential_id: each.sign_count for each in devices if each is not None}
        assert counts == {text(each.id): each.count for each in keys}


@pytest.mark.parametrize(
    "credential",
    [{}, {"id": "x"}, {"id": 1, "rawId": 1}, {"id": "AA", "rawId": "AA", "response": {}}, {"response": "x" * 60_000}],
)
def test_what_is_no_credential_is_refused(site: Site, credential: Any) -> None:
    user, _ = with_passkey(site)
    told = site.sign_in(site.browser, user)
    assert site.browser.step("passkey", flow=told["flow"], credential=credential).told["message"] == INCORRECT
    assert site.browser.step("passkey", flow=told["flow"], credential=[]).status == 400


def test_who_may_not_add_a_device_does_not(site: Site) -> None:
    browser = site.browser
    site.sign_in(browser, site.user())
    page = browser.ask("POST", DEVICES, {}, x_carnet_csrf=browser.csrf())
    assert (page.status, page.told["code"]) == (403, "AccessDenied")
    assert browser.ask("POST", DEVICES, {}).told["code"] == "CrossSiteRequest"
    assert site.browser.ask("POST", DEVICES, {}).told["code"] == "SignInExpired"


def test_a_device_is_added_right_after_a_sign_in(site: Site) -> None:
    browser = site.browser
    site.sign_in(browser, a_user(site))
    csrf = browser.csrf()
    site.later(FRESH.total_seconds())
    assert browser.ask("POST", DEVICES, {}, x_carnet_csrf=csrf).status == 200
    site.later(1)
    assert browser.ask("POST", DEVICES, {}, x_carnet_csrf=csrf).told["code"] == "SignInAgain"


def test_there_are_so_many_devices(site: Site) -> None:
    browser = site.browser
    site.sign_in(browser, a_user(site))
    for _ in range(MOST_DEVICES):
        assert register(browser, Authenticator()).status == 200
    assert browser.ask("POST", DEVICES, {}, x_carnet_csrf=browser.csrf()).told["code"] == "LimitExceeded"


def test_other_browsers_are_signed_out(site: Site) -> None:
    user, first, second, other = site.user(), site.browser, site.browser, site.browser
    for browser in (first, second):
        site.sign_in(browser, user)
    site.sign_in(other, site.user())
    view = site.server.installation.directory.snapshot.accounts[site.account]
    digest = SESSION_TOKEN.digest(second.cookies["carnet-4747"])
    path = f"/console/sessions/{next(each.id for each in view.of(BrowserSession) if each.digest == digest)}"
    assert other.ask("DELETE", path, x_carnet_csrf=other.csrf()).status == 404, "it is somebody else's"
    assert second.is_signed_in()
    assert first.ask("DELETE", path).status == 403
    assert first.ask("DELETE", path, x_carnet_csrf=first.csrf()).status == 200
    assert first.is_signed_in()
    assert not second.is_signed_in()


def test_names_are_text_to_a_page(site: Site) -> None:
    """Whatever a browser calls itself, and a policy lets be called."""
    user, browser = site.user(), site.browser
    evil = "<script>alert(1)</script>\"'>"
    given = {"step": "password", "kind": "user", "account": site.account, "name": user, "password": GOOD}
    assert browser.ask("POST", "/console/session", given, user_agent=evil).status == 200
    shown = browser.get("/console/security").text
    assert "alert(1)" in shown
    assert "<script>alert" not in shown
