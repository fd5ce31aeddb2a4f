"""A disk of the audit log that is full: nobody signs in, and nothing is told, of which there would be no event."""

from __future__ import annotations

import pytest

from tests.attacks.wire import audit
from tests.console.browsing import Browser, Page
from tests.console.conftest import GOOD, Site


def attempt(site: Site, browser: Browser, user: str, password: str) -> Page:
    return browser.sign_in(account=site.account, name=user, password=password)


def test_a_sign_in_is_a_change(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is made on a disk that is nearly full; what went wrong is told as long as the log takes it."""
    user, browser = site.user(), site.browser
    with monkeypatch.context() as full:
        site.server.fill_disk(full)
        page = attempt(site, browser, user, GOOD)
        assert (page.status, page.told["code"]) == (503, "ServiceUnavailable")
        assert "nearly full" in page.told["message"]
        assert not browser.is_signed_in()
        assert attempt(site, browser, user, "wrong").status == 401
        assert audit(site.server)[-1]["responseElements"] == {"ConsoleLogin": "Failure"}
    site.later()
    assert attempt(site, browser, user, GOOD).told == {"next": "done"}


@pytest.mark.parametrize("password", [GOOD, "wrong"])
def test_whether_a_password_is_right_is_told_to_nobody_without_an_event(
    site: Site, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    user, browser = site.user(), site.browser
    before = audit(site.server)
    with monkeypatch.context() as full:
        site.server.refuse_lines(full)
        page = attempt(site, browser, user, password)
        assert (page.status, page.told["code"]) == (503, "ServiceUnavailable")
    assert not browser.is_signed_in()
    assert audit(site.server) == before
