"""Signing in, step by step, through the server."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.console.outcomes import INCORRECT, LOCKED, PAUSED, RESET_NEEDED
from carnet.identity.mfa import FREE_FAILURES
from carnet.services.root_passwords import reset_root, set_by_token
from tests.attacks.wire import audit, audit_text
from tests.console.browsing import SESSION, Browser, Page
from tests.console.conftest import GOOD, Site

OTHER = "Battery-staple-2"
MOST_FAILURES = FREE_FAILURES + 2
TOO_LONG = b'{"step":"password","kind":"user","name":"a","password":"%s"}' % (b"x" * 129)


def last_event(site: Site) -> dict[str, Any]:
    event: dict[str, Any] = audit(site.server)[-1]
    return event


def test_a_user_signs_in_and_out(site: Site) -> None:
    user, browser = site.user(), site.browser
    assert site.sign_in(browser, user) == {"next": "done"}
    home = browser.get("/console/")
    assert home.status == 200
    assert user in home.text
    assert browser.ask("DELETE", SESSION).status == 403, "without the token of the page"
    assert browser.is_signed_in()
    copied = Browser(site.server, cookies=dict(browser.cookies))
    assert browser.ask("DELETE", SESSION, x_carnet_csrf=browser.csrf()).told == {"next": "signed-out"}
    assert not browser.is_signed_in()
    assert not copied.is_signed_in(), "the cookie is worth nothing, whoever has it"


def test_the_cookie_is_the_browsers_alone(site: Site) -> None:
    browser = site.browser
    page = browser.sign_in(account=site.account, name=site.user(), password=GOOD)
    cookies = [value.partition("=") for name, value in page.headers if name == "set-cookie"]
    assert cookies[0][0] == "carnet-4747"
    assert {rest.partition("; ")[2] for _, _, rest in cookies} == {"Path=/; HttpOnly; SameSite=Strict"}
    (token,) = {rest.partition(";")[0] for _, _, rest in cookies}
    everything = audit_text(site.server) + page.text
    assert token not in everything


def test_root_signs_in_by_its_address(site: Site) -> None:
    account = site.server.installation.directory.snapshot.accounts[site.account].account
    wrong = site.browser.step("password", kind="root", name=account.email, password=GOOD)
    assert (wrong.status, wrong.told["message"]) == (401, INCORRECT)
    set_root_password(site)
    site.later(60)
    for given in ({}, {"account": account.id}):
        browser = site.browser
        page = browser.step("password", kind="root", name=account.email.upper(), password=GOOD, **given)
        assert page.told == {"next": "done"}
        event = last_event(site)
        assert event["userIdentity"] == {
            "type": "Root",
            "principalId": account.id,
            "arn": account.root_arn,
            "accountId": account.id,
        }
    for given in ({"name": account.email, "account": "999999999999"}, {"name": account.id}):
        assert site.browser.step("password", kind="root", password=GOOD, **given).told["message"] == INCORRECT


def set_root_password(site: Site) -> None:
    here = site.server.installation
    directory, passwords = here.directory, here.execution.parts.passwords
    hour = timedelta(hours=1)
    made = reset_root(here.operator_call(), account=site.account, lifetime=hour, remove_mfa=False)
    directory.catch_up()
    set_by_token(here.operator_call(), passwords, token=made.token, password=GOOD)
    directory.catch_up()


def test_nobody_learns_what_was_wrong(site: Site) -> None:
    user = site.user()
    without = f"{user}-x"
    site.iam.create_user(UserName=without)
    answers = set()
    for account, name, password in (
        (site.account, user, OTHER),
        (site.account, without, GOOD),
        (site.account, "nobody", GOOD),
        ("999999999999", user, GOOD),
        ("no-such-alias", user, GOOD),
        ("", user, GOOD),
    ):
        page = site.browser.sign_in(account=account, name=name, password=password)
        answers.add((page.status, page.told["code"], page.told["message"]))
        site.later(60)
    assert answers == {(401, "SignInFailed", INCORRECT)}


def test_events_hide_what_may_be_a_password(site: Site) -> None:
    user = site.user()
    site.browser.sign_in(account=site.account, name="My-passw0rd", password=GOOD)
    event = last_event(site)
    assert event["userIdentity"] == {
        "type": "IAMUser",
        "accountId": site.account,
        "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
    }
    assert event["errorMessage"] == "No username found in supplied account"
    site.later(60)
    site.browser.sign_in(account=site.account, name=user, password=OTHER)
    event = last_event(site)
    assert (event["eventName"], event["eventSource"]) == ("ConsoleLogin", "signin.amazonaws.com")
    assert event["responseElements"] == {"ConsoleLogin": "Failure"}
    assert event["userIdentity"]["userName"] == user
    assert event["errorMessage"] == "Failed authentication"
    text = audit_text(site.server)
    assert "My-passw0rd" not in text
    assert OTHER not in text
    site.later(60)
    site.sign_in(site.browser, user)
    event = last_event(site)
    assert event["responseElements"] == {"ConsoleLogin": "Success"}
    assert event["additionalEventData"]["MFAUsed"] == "No"
    assert event["eventType"] == "AwsConsoleSignIn"


def test_a_sign_in_is_the_last_use_of_the_password(site: Site) -> None:
    user = site.user()
    assert "PasswordLastUsed" not in site.iam.get_user(UserName=user)["User"]
    _, seed = site.app(user)
    told = site.sign_in(site.browser, user)
    assert "PasswordLastUsed" not in site.iam.get_user(UserName=user)["User"], "nobody is signed in yet"
    site.later(90)
    site.browser.step("code", flow=told["flow"], code=site.code(seed))
    used = site.iam.get_user(UserName=user)["User"]["PasswordLastUsed"]
    while site.iam.generate_credential_report()["State"] != "COMPLETE":
        site.later(1)
    lines = csv.DictReader(site.iam.get_credential_report()["Content"].decode().splitlines())
    line = next(each for each in lines if each["user"] == user)
    assert line["password_last_used"] == used.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_who_has_a_device_gives_a_code(site: Site) -> None:
    user, browser = site.user(), site.browser
    serial, seed = site.app(user)
    told = site.sign_in(browser, user)
    assert (told["next"], told["passkey"]) == ("mfa", None)
    assert [app["name"] for app in told["apps"]] == [serial.rpartition("/")[2]]
    assert not browser.cookies
    site.later(90)
    code = site.code(seed)
    spaced = f"{code[:3]} {code[3:]}"
    assert browser.step("code", flow=told["flow"], code=spaced).told == {"next": "done"}
    assert browser.is_signed_in()
    event = last_event(site)
    assert event["additionalEventData"]["MFAIdentifier"] == serial
    assert event["additionalEventData"]["MFAUsed"] == "Yes"
    again = site.browser.step("code", flow=told["flow"], code=code)
    assert (again.status, again.told["message"]) == (401, INCORRECT), "a code counts once"


def test_one_code_at_once_signs_in_once(site: Site) -> None:
    user = site.user()
    _, seed = site.app(user)
    told = site.sign_in(site.browser, user)
    site.later(90)
    code = site.code(seed)
    with ThreadPoolExecutor(4) as threads:
        given = [threads.submit(site.browser.step, "code", flow=told["flow"], code=code) for _ in range(4)]
    assert sorted(each.result().status for each in given) == [200, 401, 401, 401]


def test_guessing_codes_is_slow_and_then_ends(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.identity.mfa.MOST_FAILURES", MOST_FAILURES)
    user = site.user()
    serial, seed = site.app(user)
    site.later(90)
    flow = site.sign_in(site.browser, user)["flow"]
    right = site.code(seed)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"

    def give(code: str) -> str | None:
        told = site.browser.step("code", flow=flow, code=code).told
        return told.get("message")

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(give, [wrong] * 12))
    assert told.count(INCORRECT) == FREE_FAILURES
    assert told.count(PAUSED) == 12 - FREE_FAILURES
    assert give(right) == PAUSED, "it is not even looked at"
    sts = site.server.client("sts", *key_of(site, user))
    with pytest.raises(ClientError, match="MultiFactorAuthentication failed"):
        sts.get_session_token(SerialNumber=serial, TokenCode=right)
    for _ in range(MOST_FAILURES - FREE_FAILURES):
        site.later(61)
        flow = site.sign_in(site.browser, user)["flow"]
        assert give(wrong) == INCORRECT
    site.later(61)
    flow = site.sign_in(site.browser, user)["flow"]
    assert give(site.code(seed)) == LOCKED


def key_of(site: Site, user: str) -> tuple[str, str]:
    key = site.iam.create_access_key(UserName=user)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def with_app(site: Site) -> str:
    """A user who has an authenticator app."""
    user = site.user()
    site.app(user)
    return user


def test_the_device_can_be_chosen(site: Site) -> None:
    user = site.user()
    seeds = dict(site.app(user) for _ in range(2))
    told = site.sign_in(site.browser, user)
    assert len(told["apps"]) == 2
    site.later(90)
    chosen = told["apps"][1]
    seed = next(seed for serial, seed in seeds.items() if serial.endswith(chosen["name"]))
    assert site.browser.step("code", flow=told["flow"], code=site.code(seed)).told["code"] == "SignInExpired"
    done = site.browser.step("code", flow=told["flow"], code=site.code(seed), device=chosen["id"])
    assert done.told == {"next": "done"}
    others = site.sign_in(site.browser, with_app(site))["flow"]
    foreign = site.browser.step("code", flow=others, code=site.code(seed), device=chosen["id"])
    assert foreign.told["code"] == "SignInExpired", "it is somebody else's"


def test_a_password_that_must_be_changed_is(site: Site) -> None:
    user, browser = site.user(PasswordResetRequired=True), site.browser
    told = site.sign_in(browser, user)
    assert told["next"] == "new-password"
    assert not browser.cookies

    def give(password: str, flow: str = told["flow"]) -> Page:
        return browser.step("new-password", flow=flow, password=password)

    assert give(OTHER).told["code"] == "PasswordRefused", "the user may not change it"
    site.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    assert give("short").told["code"] == "PasswordRefused"
    assert give(GOOD).told["code"] == "PasswordRefused", "it is the same"
    site.later(1)
    done = give(OTHER)
    assert done.told == {"next": "done"}, done.text
    assert browser.is_signed_in()
    assert give("Another-one-3").told["code"] == "SignInExpired", "that password is gone"
    assert [event["eventName"] for event in audit(site.server)[-2:]] == ["PasswordUpdated", "ConsoleLogin"]
    site.later(60)
    assert site.sign_in(site.browser, user, OTHER) == {"next": "done"}


def test_nobody_sets_a_password_before_mfa(site: Site) -> None:
    user = site.user(PasswordResetRequired=True)
    site.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    _, seed = site.app(user)
    told = site.sign_in(site.browser, user)
    assert told["next"] == "mfa"
    assert site.browser.step("new-password", flow=told["flow"], password=OTHER).told["code"] == "SignInExpired"
    site.later(90)
    told = site.browser.step("code", flow=told["flow"], code=site.code(seed)).told
    assert told["next"] == "new-password"
    assert site.browser.step("new-password", flow=told["flow"], password=OTHER).told == {"next": "done"}


def test_who_gave_a_code_of_a_device_that_is_gone_begins_again(site: Site) -> None:
    """Between the two steps of a forced change: a stolen device was taken away."""
    user = site.user(PasswordResetRequired=True)
    site.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    serial, seed = site.app(user)
    site.later(90)
    told = site.browser.step("code", flow=site.sign_in(site.browser, user)["flow"], code=site.code(seed)).told
    assert told["next"] == "new-password"
    site.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    refused = site.browser.step("new-password", flow=told["flow"], password=OTHER)
    assert refused.told["code"] == "SignInExpired"
    assert not site.browser.cookies
    assert site.sign_in(site.browser, user)["next"] == "new-password", "the password is the one before"


def test_a_flow_ends(site: Site) -> None:
    user = site.user()
    _, seed = site.app(user)
    site.later(90)
    for seconds, expected in ((599, 200), (600, 401)):
        flow = site.sign_in(site.browser, user)["flow"]
        site.later(seconds)
        assert site.browser.step("code", flow=flow, code=site.code(seed)).status == expected
    flow = site.sign_in(site.browser, user)["flow"]
    for other in (flow[:-4] + "AAAA", "", "x", "é", flow + "x"):
        assert site.browser.step("code", flow=other, code=site.code(seed)).told["code"] == "SignInExpired"
    site.iam.update_login_profile(UserName=user, Password=OTHER)
    assert site.browser.step("code", flow=flow, code=site.code(seed)).told["code"] == "SignInExpired"


def test_a_device_that_comes_meanwhile_is_asked_for(site: Site) -> None:
    """Between the two steps of a forced change."""
    user = site.user(PasswordResetRequired=True)
    site.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    told = site.sign_in(site.browser, user)
    site.app(user)
    browser = site.browser
    assert browser.step("new-password", flow=told["flow"], password=OTHER).told["next"] == "mfa"
    assert not browser.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ""},
        {"origin": "null"},
        {"origin": "http://localhost:4748"},
        {"origin": "http://127.0.0.1:4747"},
        {"origin": "https://localhost:4747"},
        {"origin": "http://evil.example"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
    ],
)
def test_no_other_page_signs_anybody_in(site: Site, headers: dict[str, str]) -> None:
    given = {"step": "password", "kind": "user", "account": site.account, "name": site.user(), "password": GOOD}
    browser = site.browser
    page = browser.ask("POST", SESSION, given, **headers)
    assert (page.status, page.told["code"]) == (403, "CrossSiteRequest")
    assert not browser.cookies


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff", b'{"step":"nothing"}', b'{"step":"code"}', b"[" * 60_000, b'{"step":1}', TOO_LONG],
)
def test_what_is_no_step_is_refused(site: Site, body: bytes) -> None:
    page = site.browser.ask("POST", SESSION, body)
    assert (page.status, page.told["message"]) == (400, "This is no step of a sign-in.")


def test_a_body_has_a_limit(site: Site) -> None:
    fits = site.browser.ask("POST", SESSION, b"x" * 65_536)
    assert fits.status == 400
    assert site.browser.ask("POST", SESSION, b"x" * 65_537).status == 413
    assert site.browser.ask("PUT", SESSION, b"{}").status == 401


def test_a_new_session_is_another_one(site: Site) -> None:
    """No cookie that somebody else has set becomes a session."""
    user, browser = site.user(), site.browser
    browser.cookies["carnet-4747"] = "carnet_bs_" + "0" * 64
    site.sign_in(browser, user)
    assert browser.cookies["carnet-4747"] != "carnet_bs_" + "0" * 64
    first = dict(browser.cookies)
    site.sign_in(browser, user)
    assert browser.cookies != first


def test_a_holder_has_so_many_sessions(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.console.entering.MOST_SESSIONS", 3)
    user, browsers = site.user(), [site.browser for _ in range(4)]
    for browser in browsers:
        site.sign_in(browser, user)
        site.later(1)
    assert [browser.is_signed_in() for browser in browsers] == [False, True, True, True]


def test_a_session_is_as_long_as_its_profile_says(site: Site) -> None:
    user, browser = site.user(MaxSigninSessionDuration=3600), site.browser
    site.sign_in(browser, user)
    for seconds in (1800, 1799):
        site.later(seconds)
        assert browser.is_signed_in()
    site.later(1)
    assert not browser.is_signed_in()


def test_wrong_passwords_wait(site: Site) -> None:
    user = site.user()
    assert site.browser.sign_in(account=site.account, name=user, password=OTHER).status == 401
    page = site.browser.sign_in(account=site.account, name=user, password=GOOD)
    assert (page.status, page.told["code"]) == (429, "Throttling")
    site.later(1)
    site.sign_in(site.browser, user)


def test_a_password_that_only_an_administrator_resets_signs_nobody_in(site: Site) -> None:
    """HardExpiry: one day after the policy's end, and not before."""
    user, browser = site.user(), site.browser
    site.iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/IAMUserChangePassword")
    site.iam.update_account_password_policy(MaxPasswordAge=1, HardExpiry=True)
    try:
        site.later(24 * 3600 - 1)
        assert site.sign_in(site.browser, user) == {"next": "done"}
        site.later(1)
        page = browser.sign_in(account=site.account, name=user, password=GOOD)
        assert (page.status, page.told["code"], page.told["message"]) == (403, "PasswordExpired", RESET_NEEDED)
        assert not browser.cookies
        assert last_event(site)["responseElements"] == {"ConsoleLogin": "Failure"}
        site.iam.update_account_password_policy(MaxPasswordAge=1, HardExpiry=False)
        assert site.sign_in(site.browser, user)["next"] == "new-password"
    finally:
        site.iam.delete_account_password_policy()
