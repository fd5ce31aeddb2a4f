"""Console URLs: credentials of a session become a URL by which a browser signs in, once. Attacks 28 to 30 are here."""

from __future__ import annotations

import json
import re
import secrets
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from carnet.base.faults import Unavailable
from carnet.console.signin_tokens import LIVES, MOST_SECONDS
from carnet.entities.browser_session import BrowserSession
from tests.attacks.wire import audit
from tests.console.browsing import ORIGIN, Browser, Page
from tests.console.conftest import Site
from tests.services.iam.documents import allow

EVERYTHING = json.dumps(allow("*"))
Keys = dict[str, str]


def trusting(account: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def role(site: Site, **given: Any) -> str:
    """The name of a new role that may do everything, and that the account's principals assume."""
    name = f"role-{secrets.token_hex(4)}"
    site.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusting(site.account), **given)
    site.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=EVERYTHING)
    return name


def caller(site: Site) -> tuple[str, dict[str, str]]:
    """A user who may do everything, with an access key."""
    name = f"user-{secrets.token_hex(4)}"
    site.iam.create_user(UserName=name)
    site.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=EVERYTHING)
    key = site.iam.create_access_key(UserName=name)["AccessKey"]
    return name, {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def assumed(site: Site, name: str, keys: Keys | None = None, **given: Any) -> Keys:
    """The credentials of a session of a role, of a user's or of others."""
    sts = site.server.client("sts", **(keys or caller(site)[1]))
    arn = f"arn:aws:iam::{site.account}:role/{name}"
    return dict(sts.assume_role(RoleArn=arn, RoleSessionName="visit", **given)["Credentials"])


def keys_of(made: Keys) -> Keys:
    return {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"], "token": made["SessionToken"]}


def session_of(made: Keys) -> str:
    names = {"sessionId": "AccessKeyId", "sessionKey": "SecretAccessKey", "sessionToken": "SessionToken"}
    return json.dumps({ours: made[theirs] for ours, theirs in names.items() if theirs in made})


def asked(site: Site, session: str, **more: str) -> Page:
    query = urlencode({"Action": "getSigninToken", "Session": session} | more)
    return site.browser.get(f"/federation?{query}")


def token_of(site: Site, made: Keys, **more: str) -> str:
    page = asked(site, session_of(made), **more)
    assert page.status == 200, page.text
    return str(page.told["SigninToken"])


def login(browser: Browser, token: str, **more: str) -> Page:
    fields = {"Action": "login", "Issuer": "https://broker.example", "Destination": "/console/", "SigninToken": token}
    url = f"/federation?{urlencode(fields | more)}"
    without = Browser(browser.server, host=browser.host)  # none of its cookies goes along from another site
    page = without.get(url, sec_fetch_site="cross-site")
    if "data-go-at-once" not in page.text:
        browser.cookies |= without.cookies
        return page
    assert not without.cookies
    assert f'href="{escape(url)}"' in page.text
    return browser.get(url, sec_fetch_site="same-origin")


@pytest.fixture
def made(site: Site) -> Keys:
    return assumed(site, role(site))


def test_credentials_become_a_browser_that_is_signed_in(site: Site) -> None:
    name = role(site)
    browser = site.browser
    page = login(browser, token_of(site, assumed(site, name)))
    assert page.status == 200
    assert 'content="0; url=/console/"' in page.text
    assert "SameSite=Strict" in (page.header("set-cookie") or "")
    home = browser.get("/console/")
    assert f"assumed-role/{name}/visit" in home.text
    assert browser.get("/console/security").status == 200
    event = audit(site.server)[-1]
    assert (event["eventName"], event["userIdentity"]["type"]) == ("ConsoleLogin", "AssumedRole")
    assert event["additionalEventData"]["Issuer"] == "https://broker.example"


def test_the_session_is_a_caller_with_the_policies_of_its_role(site: Site) -> None:
    browser = site.browser
    login(browser, token_of(site, assumed(site, role(site))))
    given = {"action": "identitystore-auth:ListSessions", "userId": "nobody"}
    page = browser.ask("POST", "/console/people", given, x_carnet_csrf=browser.csrf())
    assert page.status == 404, "it is allowed, and there is no such person"
    narrow = site.browser
    policy = json.dumps(allow("s3:*"))
    login(narrow, token_of(site, assumed(site, role(site), Policy=policy)))
    page = narrow.ask("POST", "/console/people", given, x_carnet_csrf=narrow.csrf())
    assert page.status == 403


def test_a_federated_user_signs_in(site: Site) -> None:
    sts = site.server.client("sts", **caller(site)[1])
    made = dict(sts.get_federation_token(Name="fred", Policy=EVERYTHING)["Credentials"])
    browser = site.browser
    assert login(browser, token_of(site, made)).status == 200
    assert "federated-user/fred" in browser.get("/console/").text
    assert asked(site, session_of(made), SessionDuration="3600").status == 400


def test_a_form_is_taken_as_well(site: Site, made: Keys) -> None:
    body = urlencode({"Action": "getSigninToken", "Session": session_of(made)}).encode()
    form = "application/x-www-form-urlencoded"
    page = site.browser.ask("POST", "/federation", body, content_type=form)
    assert page.status == 200
    twice = site.browser.ask("POST", "/federation?Action=login", body, content_type=form)
    assert twice.status == 400


@pytest.mark.parametrize("seconds", ["899", "43201", "x", "", "-900", "9" * 7, "7201"])
def test_durations_that_are_refused(site: Site, seconds: str) -> None:
    made = assumed(site, role(site, MaxSessionDuration=7200))
    assert asked(site, session_of(made), SessionDuration=seconds).status == 400


@pytest.mark.parametrize("seconds", [900, 7200])
def test_a_browser_is_signed_in_for_as_long_as_is_asked(site: Site, seconds: int) -> None:
    made = assumed(site, role(site, MaxSessionDuration=7200), DurationSeconds=900)
    browser = site.browser
    login(browser, token_of(site, made, SessionDuration=str(seconds)))
    for _ in range(seconds // 900 - 1):
        site.later(900)
        assert browser.is_signed_in()
    site.later(899)
    assert browser.is_signed_in()
    site.later(1)
    assert not browser.is_signed_in()


def test_a_browser_is_signed_in_for_as_long_as_the_credentials_are_good(site: Site) -> None:
    browser, made = site.browser, assumed(site, role(site), DurationSeconds=900)
    site.later(600)
    login(browser, token_of(site, made))
    site.later(299)
    assert browser.is_signed_in()
    site.later(1)
    assert not browser.is_signed_in()


def test_attack_28_long_term_credentials_make_no_url(site: Site) -> None:
    _, keys = caller(site)
    long = json.dumps({"sessionId": keys["key"], "sessionKey": keys["secret"], "sessionToken": ""})
    for session in (long, json.dumps({"sessionId": keys["key"], "sessionKey": keys["secret"]})):
        assert asked(site, session).status == 400


def test_attack_28_what_was_scoped_down_outlives_nothing(site: Site) -> None:
    made = assumed(site, role(site))
    sts = site.server.client("sts", **keys_of(made))
    scoped = dict(
        sts.get_scoped_credentials(Policy=json.dumps(allow("iam:ListUsers")), DurationSeconds=900)["Credentials"]
    )
    assert asked(site, session_of(scoped), SessionDuration="3600").status == 400
    assert token_of(site, scoped)


def test_attack_28_a_session_of_get_session_token_makes_no_url(site: Site) -> None:
    made = dict(site.server.client("sts", **caller(site)[1]).get_session_token()["Credentials"])
    page = asked(site, session_of(made))
    assert (page.status, "Only sessions of AssumeRole" in page.text) == (400, True)


def test_attack_28_a_chained_session_has_no_duration_of_its_own(site: Site) -> None:
    first, second = role(site), role(site)
    chained = assumed(site, second, keys_of(assumed(site, first)))
    assert asked(site, session_of(chained), SessionDuration="900").status == 400
    browser = site.browser
    login(browser, token_of(site, chained))
    assert browser.is_signed_in()


def test_attack_28_expired_and_wrong_keys_make_no_url(site: Site, made: Keys) -> None:
    right = json.loads(session_of(made))
    other = json.loads(session_of(assumed(site, role(site))))
    wrongs = [right | {name: other[name]} for name in right] + [right | {"sessionKey": ""}, right | {"more": "x"}, {}]
    for wrong in wrongs:
        assert asked(site, json.dumps(wrong)).status == 400
    for text in ("", "x", "[]", '"a"', '{"sessionId": "\\ud800"}'):
        assert asked(site, text).status == 400
    site.later(3600)
    assert asked(site, json.dumps(right)).status == 400


def test_a_token_counts_once_and_for_a_quarter_of_an_hour(site: Site, made: Keys) -> None:
    once, late = token_of(site, made), token_of(site, made)
    in_time = token_of(site, made)
    assert login(site.browser, once).status == 200
    again = site.browser
    assert login(again, once).status == 400
    assert not again.cookies
    site.later(LIVES.total_seconds() - 1)
    assert login(site.browser, in_time).status == 200
    site.later(1)
    assert login(site.browser, late).status == 400


@pytest.mark.parametrize("token", ["", "x", "A" * 300])
def test_what_is_no_token_signs_nobody_in(site: Site, token: str) -> None:
    browser = site.browser
    assert login(browser, token).status == 400
    assert not browser.cookies


@pytest.mark.parametrize(
    "destination",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "http://localhost:4747.evil.example/",
        "http://localhost:4747@evil.example/",
        "https://localhost:4747/",
        "javascript:alert(1)",
        "http://localhost:4747//evil.example",
        "https://evil.example/https://console.aws.amazon.com/",
        "https://console.aws.amazon.com.evil.example/",
        "https://evilconsole.aws.amazon.com/",
        "https://console.aws.amazon.com@evil.example/",
        "/a\tb",
        "data:text/html,x",
        "console",
    ],
)
def test_attack_29_nobody_is_sent_elsewhere(site: Site, made: Keys, destination: str) -> None:
    browser = site.browser
    page = login(browser, token_of(site, made), Destination=destination)
    assert page.status == 400
    assert not browser.cookies
    assert "evil" not in page.text


@pytest.mark.parametrize(
    ("destination", "to"),
    [
        ("/console/security?a=b", "/console/security?a=b"),
        (f"{ORIGIN}/console/security", "/console/security"),
        ("https://console.aws.amazon.com/", "/console/"),
        ("https://us-east-1.console.aws.amazon.com/s3/home?region=us-east-1#x", "/console/"),
        ("", "/console/"),
        ('/console/"><script>', None),
    ],
)
def test_where_a_browser_goes_then(site: Site, made: Keys, destination: str, to: str | None) -> None:
    page = login(site.browser, token_of(site, made), Destination=destination)
    found = re.search(r'content="0; url=([^"]*)"', page.text)
    if to is None:
        assert "<script>" not in page.text
        return
    assert found is not None
    assert found[1].replace("&amp;", "&") == to


@pytest.mark.parametrize("end", ["deleted", "revoked"])
def test_attack_30_a_revoked_session_is_worth_nothing(site: Site, end: str) -> None:
    name = role(site)
    browser, made = site.browser, assumed(site, name)
    login(browser, token_of(site, made))
    later = token_of(site, made)
    given = {"action": "identitystore-auth:ListSessions", "userId": "nobody"}
    csrf = browser.csrf()
    if end == "deleted":
        site.iam.delete_role_policy(RoleName=name, PolicyName="p")
        site.iam.delete_role(RoleName=name)
        assert not browser.is_signed_in()
        assert login(site.browser, later).status == 400
        return
    since = {"DateLessThan": {"aws:TokenIssueTime": site.server.clock().isoformat()}}
    site.later(1)
    since["DateLessThan"]["aws:TokenIssueTime"] = site.server.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    denied = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": since}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    site.iam.put_role_policy(RoleName=name, PolicyName="AWSRevokeOlderSessions", PolicyDocument=document)
    other = site.browser
    login(other, later)
    for one in (browser, other):
        page = one.ask("POST", "/console/people", given, x_carnet_csrf=csrf if one is browser else one.csrf())
        assert page.status == 403


def test_a_browser_is_signed_out(site: Site, made: Keys) -> None:
    browser = site.browser
    login(browser, token_of(site, made))
    forged = browser.get("/federation?Action=logout", sec_fetch_site="cross-site")
    assert (forged.status, browser.is_signed_in()) == (303, True)
    token = dict(browser.cookies)
    page = browser.get("/federation?Action=logout", sec_fetch_site="same-origin")
    assert (page.status, page.header("location")) == (303, "/console/sign-in")
    browser.cookies = token
    assert not browser.is_signed_in()
    assert site.browser.get("/federation?Action=logout").status == 303


def test_sessions_of_browsers_keep_only_digests(site: Site, made: Keys) -> None:
    browser = site.browser
    login(browser, token_of(site, made))
    (cookie,) = set(browser.cookies.values())
    view = site.server.installation.directory.snapshot.accounts[site.account]
    for session in view.of(BrowserSession):
        assert cookie not in repr(session)
        assert made["SecretAccessKey"].encode() not in session.claims
        assert made["SessionToken"].encode() not in session.claims


def test_another_host_is_sent_to_the_origin(site: Site, made: Keys) -> None:
    browser = site.browser
    browser.host = "127.0.0.1:4747"
    page = login(browser, token_of(site, made))
    assert page.status == 307
    location = page.header("location") or ""
    assert location.startswith(f"{ORIGIN}/federation?Action=login&")
    assert not browser.cookies


@pytest.mark.parametrize("query", ["", "Action=other", "Action=login&Action=login", "Action=%ZZ"])
def test_what_is_nothing_of_the_kind(site: Site, query: str) -> None:
    page = site.browser.get(f"/federation?{query}")
    assert page.status == 400


def test_neither_credentials_nor_tokens_are_in_the_log(site: Site, made: Keys) -> None:
    token = token_of(site, made)
    login(site.browser, token)
    text = json.dumps(audit(site.server)[-3:])
    for secret in (made["SecretAccessKey"], made["SessionToken"], token, quote(token)):
        assert secret not in text


def test_without_the_database_a_url_is_made_and_pages_are_shown(
    site: Site, made: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.browser
    login(browser, token_of(site, made))

    def down(_: object) -> None:
        raise Unavailable("The database cannot be reached.")

    monkeypatch.setattr(type(site.server.installation.store), "group", down)
    token = token_of(site, made)
    assert browser.is_signed_in()
    assert login(site.browser, token).status == 503
    monkeypatch.undo()
    assert login(site.browser, token).status == 200, "what was not written was not used"


def test_the_longest_session_is_twelve_hours() -> None:
    assert MOST_SECONDS == 12 * 3600


def test_nobody_is_signed_in_for_longer_than_the_role_says(site: Site) -> None:
    name = role(site, MaxSessionDuration=7200, MaxSigninSessionDuration=3600)
    made, browsers = assumed(site, name, DurationSeconds=7200), [site.browser, site.browser]
    login(browsers[0], token_of(site, made))
    login(browsers[1], token_of(site, made, SessionDuration="7200"))
    for seconds in (900, 900, 900, 899):
        site.later(seconds)
        assert all(browser.is_signed_in() for browser in browsers)
    site.later(1)
    assert not any(browser.is_signed_in() for browser in browsers)
    shorter = site.browser
    login(shorter, token_of(site, made, SessionDuration="900"))
    site.later(900)
    assert not shorter.is_signed_in()


def test_a_form_of_more_than_64_kilobytes_is_too_long(site: Site) -> None:
    for size, status in ((65_536, 400), (65_537, 413)):
        assert site.browser.ask("POST", "/federation", b"x" * size).status == status


def test_a_session_gets_no_device_by_which_it_would_sign_in_again(site: Site, made: Keys) -> None:
    browser = site.browser
    login(browser, token_of(site, made))
    page = browser.ask("POST", "/console/devices", {}, x_carnet_csrf=browser.csrf())
    assert (page.status, page.told["code"]) == (401, "SignInExpired")


def test_nothing_is_asked_in_the_clear(site: Site, made: Keys) -> None:
    """Neither credentials nor the token of a URL go over a network that others read."""
    query = urlencode({"Action": "getSigninToken", "Session": session_of(made)})
    page = site.browser.get(f"/federation?{query}", x_forwarded_for="192.0.2.1")
    assert (page.status, "SigninToken" in page.text) == (403, False)
    assert page.text.startswith("The console is reached over TLS")
    token, browser = token_of(site, made), site.browser
    url = f"/federation?{urlencode({'Action': 'login', 'Destination': '/console/', 'SigninToken': token})}"
    assert browser.get(url, sec_fetch_site="same-origin", x_forwarded_for="192.0.2.1").status == 403
    assert not browser.cookies
    assert login(browser, token).status == 200, "it was not used"
