"""Several people in one browser: whose pages are shown, and as whom something is done."""

from __future__ import annotations

import re
from html import unescape

import pytest

from carnet.console.cookies import MOST_HERE
from carnet.entities.browser_session import IDLE, BrowserSession
from carnet.entities.identity_center_instance import Instance
from tests.attacks.wire import audit
from tests.console.browsing import Browser, Page
from tests.console.conftest import Site
from tests.console.test_federation import login, made, token_of
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person

assert callable(instance), "a fixture"
assert callable(made), "a fixture"

SHOWN = "/console/shown"
OFFER = re.compile(r'data-send="/console/shown" data-csrf="([0-9a-f]{64})">.*?aria-label="Go on as ([^"]*),', re.DOTALL)


def offered(page: Page) -> dict[str, str]:
    """Whom a page offers to go on as, by name, and the proof of each."""
    return {unescape(name): csrf for csrf, name in OFFER.findall(page.text)}


def go_on(browser: Browser, csrf: str, to: str = "/console/", **headers: str) -> Page:
    return browser.ask("POST", SHOWN, {"to": to}, x_carnet_csrf=csrf, **headers)


def two(site: Site) -> tuple[str, str, Browser]:
    """Two users who have signed in in a browser, the second of whom is shown."""
    first, second, browser = site.user(), site.user(), site.browser
    for each in (first, second):
        site.sign_in(browser, each)
        site.later(1)
    return first, second, browser


def shown_to(browser: Browser, user: str) -> bool:
    return f"<dd>{user}</dd>" in browser.get("/console/").text


def cookies(browser: Browser) -> list[str]:
    """The names of those that are kept."""
    return [name for name, value in browser.cookies.items() if value]


def test_who_signs_in_signs_out_nobody_else(site: Site) -> None:
    first, second, browser = two(site)
    assert shown_to(browser, second)
    for path, there in (("/console/", [first]), ("/console/sign-in", [second, first])):
        assert list(offered(browser.get(path))) == there
    page = go_on(browser, offered(browser.get("/console/"))[first], to="/console/security")
    assert (page.status, page.told) == (200, {"to": "/console/security"})
    assert shown_to(browser, first)
    assert list(offered(browser.get("/console/"))) == [second]


def test_a_page_acts_for_whom_it_was_shown_to(site: Site) -> None:
    """In another tab somebody else has signed in since: who signs out in the first one is not that one."""
    first, second, browser = site.user(), site.user(), site.browser
    site.sign_in(browser, first)
    csrf = browser.csrf()
    site.sign_in(browser, second)
    assert browser.ask("DELETE", "/console/session", x_carnet_csrf=csrf).status == 200
    assert audit(site.server)[-1]["userIdentity"]["userName"] == first
    assert shown_to(browser, second)
    assert offered(browser.get("/console/")) == {}
    assert browser.ask("DELETE", "/console/session", x_carnet_csrf=csrf).status == 403, "that session is over"
    assert shown_to(browser, second)


def test_who_signs_out_leaves_the_others(site: Site) -> None:
    first, second, browser = two(site)
    browser.ask("DELETE", "/console/session", x_carnet_csrf=browser.csrf())
    assert not browser.is_signed_in(), "nobody becomes somebody else unasked"
    here = offered(browser.get("/console/sign-in"))
    assert list(here) == [first]
    go_on(browser, here[first])
    assert shown_to(browser, first)
    assert second not in browser.get("/console/").text


def test_attack_91_nobody_is_shown_without_a_proof(site: Site) -> None:
    first, second, browser = two(site)
    csrf, stranger = offered(browser.get("/console/"))[first], site.browser
    site.sign_in(stranger, site.user())
    for page in (
        browser.ask("POST", SHOWN, {}),
        go_on(browser, "é"),
        go_on(browser, stranger.csrf()),
        go_on(browser, csrf, origin="https://evil.example"),
        go_on(browser, csrf, sec_fetch_site="same-site"),
    ):
        assert (page.status, page.told["code"]) == (403, "CrossSiteRequest")
        assert page.header("set-cookie") is None
    assert shown_to(browser, second)
    assert go_on(site.browser, csrf).status == 401, "the proof is of a cookie that this browser has not"
    assert browser.get(SHOWN).status == 403


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example/", "/\\evil.example", "/" + "a" * 2047])
def test_attack_99_nobody_is_sent_elsewhere(site: Site, to: str) -> None:
    browser = site.browser
    site.sign_in(browser, site.user())
    assert go_on(browser, browser.csrf(), to).told["to"] == (to if to.startswith("/a") else "/console/")
    assert go_on(browser, browser.csrf(), "/" + "a" * 2048).status == 400
    assert browser.ask("POST", SHOWN, b"[]", x_carnet_csrf=browser.csrf()).status == 400


def test_a_browser_has_so_many(site: Site) -> None:
    users, browser = [site.user() for _ in range(MOST_HERE + 1)], site.browser
    for number, user in enumerate(users):
        if number == MOST_HERE:
            assert list(offered(browser.get("/console/sign-in"))) == users[MOST_HERE - 1 :: -1]
        site.sign_in(browser, user)
        site.later(1)
    assert list(offered(browser.get("/console/sign-in"))) == users[:0:-1], "the oldest one gave way"
    assert len(cookies(browser)) == MOST_HERE + 1, "of each, and who is shown"


def test_who_signs_in_again_is_there_once(site: Site) -> None:
    first, second, browser = two(site)
    for each in (first, second, second):
        site.sign_in(browser, each)
        site.later(1)
    assert list(offered(browser.get("/console/sign-in"))) == [second, first]
    assert len(cookies(browser)) == 3
    browser.ask("DELETE", "/console/session", x_carnet_csrf=browser.csrf())
    assert list(offered(browser.get("/console/sign-in"))) == [first]


def test_tabs_that_sign_in_at_once_lose_nobody(site: Site) -> None:
    """None of them has seen the cookies of the others; who has signed in in two of them is there once."""
    first, second = site.user(), site.user()
    tabs = [site.browser for _ in range(3)]
    for tab, user in zip(tabs, (first, first, second), strict=True):
        site.sign_in(tab, user)
    browser = Browser(site.server, cookies=tabs[0].cookies | tabs[1].cookies | tabs[2].cookies)
    assert shown_to(browser, second)
    assert len(cookies(browser)) == 4
    assert [name for _, name in OFFER.findall(browser.get("/console/sign-in").text)] == [second, first]


@pytest.mark.parametrize("name", ["carnet-4747-0000000000000000", "carnet-4747-", "carnet-4748", "carnet-4747"])
def test_what_is_set_under_another_name_is_no_session(site: Site, name: str) -> None:
    _, _, browser = two(site)
    thief = site.browser
    token = next(value for key, value in browser.cookies.items() if key != "carnet-4747")
    thief.cookies = {name: "carnet_bs_é" if name == "carnet-4747" else token, "a": "é"}
    page = thief.get("/console/sign-in")
    assert (page.status, offered(page)) == (200, {})
    assert thief.ask("DELETE", "/console/session", x_carnet_csrf="é").status == 200


def test_to_be_offered_is_no_use_of_a_session(site: Site) -> None:
    first, second, browser = two(site)
    csrf = offered(browser.get("/console/"))[first]
    for _ in range(4):
        site.later(IDLE.total_seconds() / 4)
        assert shown_to(browser, second)
    assert offered(browser.get("/console/")) == {}
    assert go_on(browser, csrf).status == 401


def test_a_session_that_was_revoked_is_not_offered(site: Site) -> None:
    first, second, browser = two(site)
    here, user = site.server.installation, site.iam.get_user(UserName=first)["User"]["UserId"]
    with here.store.write() as unit:
        for each in here.directory.snapshot.accounts[site.account].of(BrowserSession).referring("holder", user):
            unit.remove(each)
    here.directory.catch_up()
    assert offered(browser.get("/console/")) == {}
    site.sign_in(browser, second)
    assert len(cookies(browser)) == 2, "and its cookie goes"


def test_who_comes_by_a_url_comes_beside_the_others(site: Site, made: dict[str, str]) -> None:
    """Browsers send no cookie with what another site asks: it is asked for once more, so that none is kept in vain."""
    user, browser = site.user(), site.browser
    site.sign_in(browser, user)
    for _ in range(2):
        assert login(browser, token_of(site, made)).status == 200
        assert list(offered(browser.get("/console/"))) == [user]
    assert len(cookies(browser)) == 3, "of the user, of the session that came last, and that it is shown"


@pytest.fixture
def mary(site: Site, instance: Instance) -> Person:
    return Person(site, instance)


def test_a_client_asks_a_person_beside_an_administrator(site: Site, mary: Person) -> None:
    """The page is offered to her, though an IAM user is shown; what he sends from his pages is not hers."""
    user, browser = site.user(), mary.browser
    site.later(1)
    site.sign_in(browser, user)
    asked = browser.get("/device?user_code=ABCD-EFGH")
    assert asked.status == 303
    page = browser.get(asked.header("location") or "")
    here = offered(page)
    assert list(here) == [user, mary.user.user_name]
    assert 'name="to" value="/device?user_code=ABCD-EFGH"' in page.text
    to = go_on(browser, here[mary.user.user_name], "/device?user_code=ABCD-EFGH").told["to"]
    assert browser.get(to).status == 200
    given = {"kind": "find-device", "code": "ABCD-EFGH"}
    assert browser.ask("POST", "/console/approve", given, x_carnet_csrf=here[user]).status == 401
    assert browser.ask("POST", "/console/approve", given, x_carnet_csrf=here[mary.user.user_name]).status == 404
