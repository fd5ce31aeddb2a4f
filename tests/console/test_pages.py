"""What browsers are shown, and where they are sent."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from carnet.console import pages
from carnet.console.navigation import HOME, local_target
from carnet.console.pages import static_files
from tests.console.browsing import ORIGIN, Browser
from tests.console.conftest import Site

TEMPLATES = sorted((Path(pages.__file__).parent / "templates").glob("*.html"))
PAGES = ("/console/sign-in", "/console/sign-in/root", "/console/nothing")


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_framed_by_nobody_and_load_nothing_from_elsewhere(site: Site, path: str) -> None:
    page = site.browser.get(path)
    policy = page.header("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert page.header("x-frame-options") == "DENY"
    assert page.header("x-content-type-options") == "nosniff"
    assert page.header("referrer-policy") == "no-referrer"
    assert page.header("cache-control") == "no-store"
    assert page.header("content-type") == "text/html; charset=utf-8"
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert loaded
    assert all(each.startswith("/console/") for each in loaded)
    assert "style=" not in page.text
    assert not re.search(r"<script(?![^>]* src=)|\son[a-z]+=", page.text)


def test_what_pages_load_is_there_and_kept(site: Site) -> None:
    loaded = re.findall(r'(?:src|href)="(/console/static/[^"]*)"', site.browser.get("/console/sign-in").text)
    assert set(loaded) == static_files().keys()
    for url in loaded:
        page = site.browser.get(url)
        assert page.status == 200
        assert page.header("cache-control") == "public, max-age=31536000, immutable"
    changed = loaded[0].replace("/static/", "/static/0")
    assert site.browser.get(changed).status == 404
    assert site.browser.get("/console/static/../console.py").status == 404


def test_who_has_not_signed_in_is_sent_there_and_back(site: Site) -> None:
    page = site.browser.get("/console/?a=b")
    assert (page.status, page.header("location")) == (303, "/console/sign-in?to=%2Fconsole%2F%3Fa%3Db")
    shown = site.browser.get("/console/sign-in?to=%2Fconsole%2F%3Fa%3Db").text
    assert 'data-to="/console/?a=b"' in shown
    assert site.browser.get("/console").header("location") == "/console/"


@pytest.mark.parametrize("host", ["127.0.0.1:4747", "evil.example", "localhost", "localhost:4748", ""])
def test_pages_are_shown_at_one_origin(site: Site, host: str) -> None:
    page = Browser(site.server, host=host or "x").get("/console/sign-in?to=/console/")
    assert (page.status, page.header("location")) == (307, f"{ORIGIN}/console/sign-in?to=/console/")
    assert page.body == b""


def test_what_a_proxy_sends_in_the_clear_is_shown_nothing(site: Site) -> None:
    for path in ("/console/", "/console/session", "/console/static/x"):
        page = site.browser.get(path, x_forwarded_for="192.0.2.1")
        assert page.status == 403
        assert page.text.startswith("The console is reached over TLS")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/é",
        "/a b",
        "/a\\b",
        "/" + "a" * 2048,
        "/console/\r\nset-cookie: a=b",
    ],
)
def test_nobody_is_sent_elsewhere(target: str) -> None:
    assert local_target(target) == HOME


def test_to_a_page_of_this_origin_one_is_sent() -> None:
    for target in ("/console/", "/device?user_code=ABCD-EFGH", "/a//b", "/" + "a" * 2047):
        assert local_target(target) == target


def test_what_a_page_is_asked_with_is_escaped(site: Site) -> None:
    text = site.browser.get("/console/sign-in?to=/%22%3E%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>alert" not in text
    assert unescape(text).count('data-to="/"><script>alert(1)</script>"') == 1


def test_pages_are_read_only(site: Site) -> None:
    """A browser that runs no script sends the forms itself: it is told, and no field of one is in an address."""
    for path in ("/console/", *PAGES[:2], "/console/invited", "/device", "/authorize", "/v1/authorize"):
        page = site.browser.ask("POST", path, b"password=x", content_type="application/x-www-form-urlencoded")
        assert (page.status, "These pages need JavaScript" in page.text) == (405, True), path
    assert site.browser.ask("HEAD", "/console/sign-in").status == 200


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_attack_36_no_form_is_sent_in_an_address(template: Path) -> None:
    """Else a password would be in the log of a proxy, if the script was not there yet."""
    assert all('method="post"' in form for form in re.findall("<form[^>]*>", template.read_text()))


def test_every_field_has_a_label(site: Site) -> None:
    for path in PAGES[:2]:
        text = site.browser.get(path).text
        fields = re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', text)
        assert len(fields) >= 5
        assert set(fields) == set(re.findall(r'<label for="([^"]+)"', text))
        assert text.count("<input") + text.count("<select") == len(fields)


def test_home_leads_nobody_to_an_identity_store_that_is_not_there(site: Site) -> None:
    """Whoever may do everything has none to administer here."""
    user, browser = site.user(), site.browser
    everything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
    site.iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=everything)
    site.sign_in(browser, user)
    shown = browser.get("/console/")
    assert (shown.status, "identity-source" in shown.text) == (200, False)
    assert browser.get("/console/identity-source").status == 404
