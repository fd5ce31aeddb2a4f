"""The address of the server alone leads a browser to the console, and is for every other client what it was."""

from __future__ import annotations

import pytest

from tests.console.conftest import Site

OF_A_BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_is_led_to_the_console(site: Site, method: str) -> None:
    page = site.browser.ask(method, "/", accept=OF_A_BROWSER)
    assert (page.status, page.header("location")) == (303, "/console/")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/", {"accept": "*/*"}),
        ("POST", "/", {"accept": OF_A_BROWSER}),
        ("GET", "/?Action=ListUsers&Version=2010-05-08", {"accept": OF_A_BROWSER}),
        ("GET", "/", {"accept": OF_A_BROWSER, "authorization": "AWS4-HMAC-SHA256 Credential=x"}),
    ],
)
def test_any_other_request_is_one_to_a_service(site: Site, method: str, path: str, headers: dict[str, str]) -> None:
    page = site.browser.ask(method, path, **headers)
    assert (page.status in (400, 403), page.header("location")) == (True, None)
    assert page.header("x-amzn-requestid") is not None


def test_a_browser_that_comes_in_the_clear_is_told_how_the_console_is_reached(site: Site) -> None:
    page = site.browser.get("/", accept=OF_A_BROWSER, x_forwarded_for="192.0.2.1")
    assert page.status == 403
    assert page.text.startswith("The console is reached over TLS")
