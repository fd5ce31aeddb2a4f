"""A browser, which another environment drives: a person has two tabs open, and signs out in one of them."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page  # type: ignore[import-not-found]  # of the environment that runs it

from tests.clients.touring import Tour, code_at, touring

_SIGN_IN = re.compile("/console/sign-in")
_ADD = "Add a passkey or security key"


def sign_in(tour: Tour) -> None:
    tour.page.goto(f"{tour.told['origins'][0]}/console/")
    tour.fill("Account ID or alias", tour.told["account"])
    tour.fill("User name", tour.told["user"])
    tour.fill("Password", tour.told["password"])
    tour.press("Sign in")
    tour.wait_for("Multi-factor authentication")
    tour.fill("Code of your authenticator app", code_at(tour.told["seed"], time.time() + 30))
    tour.page.keyboard.press("Enter")
    tour.wait_for("You are signed in")


def at_security(tour: Tour, page: Page) -> None:
    page.goto(f"{tour.told['origins'][0]}/console/")
    page.get_by_role("link", name="Security").click()
    page.get_by_role("button", name=_ADD).wait_for()


def main(tour: Tour) -> None:
    sign_in(tour)
    other = tour.page.context.new_page()
    other.set_default_timeout(60_000)
    at_security(tour, other)
    at_security(tour, tour.page)
    tour.sign_out()
    tour.page.go_back()
    tour.page.wait_for_url(_SIGN_IN)
    tour.seen["back"] = [tour.page.url, tour.page.get_by_role("button", name=_ADD).count()]
    other.get_by_role("button", name=_ADD).click()
    other.get_by_text("Nobody has signed in in this browser, or the session is over.").wait_for()
    other.reload()
    other.wait_for_url(_SIGN_IN)
    tour.seen["reloaded"] = other.url


with touring() as tour:
    main(tour)
