"""Policies that take long to read and compile: nobody waits for them when somebody is in the console."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.console.outcomes import BEING_READ
from carnet.entities.identity_center_instance import Instance
from tests.console.authenticator import Authenticator
from tests.console.browsing import Browser
from tests.console.conftest import Site
from tests.console.test_federation import assumed, login, role, token_of
from tests.console.test_login_consent import Program, signin
from tests.console.test_passkeys import DEVICES, begun
from tests.console.test_people import instance, with_password
from tests.console.test_people_actions import ALL, act
from tests.policy.long_policies import (
    APART,
    assert_nobody_waited,
    long_document,
    put_under_long_policies,
    watch_reading,
)
from tests.waiting import eventually

assert callable(instance), "a fixture"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return watch_reading(monkeypatch)


def under_long_policies(site: Site, **profile: Any) -> tuple[str, Browser, dict[str, Any]]:
    """A user, a browser in which it signs in, and what the first step has answered."""
    user, browser = site.user(**profile), site.browser
    put_under_long_policies(site.iam, user)
    return user, browser, site.sign_in(browser, user)


def test_what_administrators_do_about_people(site: Site, instance: Instance, read: Counter[str]) -> None:
    someone, (_, browser, _) = with_password(site, instance), under_long_policies(site)
    assert act(browser, ALL[0], someone.id).status == 200
    assert_nobody_waited(read)


def test_what_they_change(site: Site, instance: Instance, read: Counter[str]) -> None:
    someone, (_, browser, _) = with_password(site, instance), under_long_policies(site)
    assert act(browser, ALL[4], someone.id, sessionIds=[]).status == 200
    assert_nobody_waited(read)


def test_who_is_signed_out_by_then_is_told_nothing(
    site: Site, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone, (user, browser, _) = with_password(site, instance), under_long_policies(site)
    gone = list[str]()

    def sign_out(thread: str) -> None:
        if thread.startswith(APART) and not gone:
            gone.append(user)
            site.iam.delete_login_profile(UserName=user)

    csrf = browser.csrf()
    watch_reading(monkeypatch, sign_out)
    page = browser.ask("POST", "/console/people", {"action": ALL[0], "userId": someone.id}, x_carnet_csrf=csrf)
    assert gone
    assert (page.status, page.told["code"]) == (401, "SignInExpired")


@pytest.fixture
def held(site: Site) -> Iterator[None]:
    """An account in which policies for AWS Sign-In are asked."""
    made = signin(site)
    made.put_console_authorization_configuration()
    yield
    made.delete_console_authorization_configuration()


def test_signing_in(site: Site, held: None, read: Counter[str]) -> None:
    _, browser, told = under_long_policies(site)
    assert told == {"next": "done"}
    assert_nobody_waited(read)
    assert browser.is_signed_in()


def test_a_browser_waits_for_new_policies(site: Site, held: None, read: Counter[str]) -> None:
    user, browser, _ = under_long_policies(site)
    put_under_long_policies(site.iam, user)
    read.clear()
    page = browser.get("/console/")
    assert (page.status, BEING_READ in page.text) == (503, True)
    eventually(lambda: any(thread.startswith(APART) for thread in list(read)))
    assert_nobody_waited(read)
    eventually(browser.is_signed_in)


def test_a_console_url(site: Site, held: None, read: Counter[str]) -> None:
    name = role(site)
    token = token_of(site, assumed(site, name))
    for _ in range(2):
        policy = site.iam.create_policy(PolicyName=f"p-{secrets.token_hex(4)}", PolicyDocument=long_document())
        site.iam.attach_role_policy(RoleName=name, PolicyArn=policy["Policy"]["Arn"])
    read.clear()
    assert login(site.browser, token).status == 200
    assert_nobody_waited(read)


def test_leave_for_a_program(site: Site, read: Counter[str]) -> None:
    program = Program(site)
    put_under_long_policies(site.iam, program.user)
    assert program.code()
    assert_nobody_waited(read)


def test_another_password(site: Site, read: Counter[str]) -> None:
    _, browser, told = under_long_policies(site, PasswordResetRequired=True)
    page = browser.step("new-password", flow=told["flow"], password="Another-horse-2")
    assert page.told == {"next": "done"}
    assert_nobody_waited(read)


def test_one_more_device(site: Site, read: Counter[str]) -> None:
    _, browser, _ = under_long_policies(site)
    assert browser.ask("POST", DEVICES, {}, x_carnet_csrf=browser.csrf()).status == 200
    assert_nobody_waited(read)


def test_a_device_is_added_by_policies_that_were_read_before(site: Site, read: Counter[str]) -> None:
    user, browser, _ = under_long_policies(site)
    told, key = begun(browser), Authenticator()
    put_under_long_policies(site.iam, user)
    read.clear()
    assert browser.step("new-passkey", flow=told["flow"], credential=key.create(told["create"])).status == 200
    assert_nobody_waited(read)


def test_the_home_page_of_an_administrator(site: Site, instance: Instance, read: Counter[str]) -> None:
    """It says whether it leads on to the identity source."""
    _, browser, _ = under_long_policies(site)
    assert browser.get("/console/").status == 200
    assert_nobody_waited(read)
