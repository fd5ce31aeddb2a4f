"""A browser, which another environment drives: an administrator changes the identity source, and somebody else signs
in beside him.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page  # type: ignore[import-not-found]  # of the environment that runs it

from tests.clients.touring import Tour, touring


def sign_in(tour: Tour, page: Page, user: str) -> None:
    page.get_by_label("Account ID or alias").fill(tour.told["account"])
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password", exact=True).fill(tour.told["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="You are signed in").wait_for()


def change_source(tour: Tour) -> None:
    tour.page.get_by_role("link", name="Identity source").click()
    tour.wait_for("Use an external identity provider")
    tour.look("identity source")
    tour.fill("SAML metadata of the provider", "<EntityDescriptor/>")
    tour.press("Use this provider")
    tour.page.get_by_role("alert").get_by_text("The metadata is not valid").wait_for()
    tour.fill("SAML metadata of the provider", tour.told["metadata"])
    tour.press("Use this provider")
    tour.wait_for("Replace the provider, or its certificates")
    tour.look("identity source, external")
    tour.press("Use the Identity Center directory")
    tour.wait_for("Use an external identity provider")


def is_shown(page: Page, user: str) -> None:
    page.get_by_role("definition").get_by_text(user, exact=True).wait_for()


def look_at(tour: Tour, page: Page, name: str) -> None:
    """Look at another tab than the tour's."""
    before, tour.page = tour.page, page
    tour.look(name)
    tour.page = before


def sign_in_beside(tour: Tour) -> None:
    """Bob signs in in another tab; Alice's page, which is still open, signs out Alice."""
    alice, bob = tour.told["users"]
    tour.page.goto(f"{tour.told['origins'][0]}/console/")
    is_shown(tour.page, alice)
    other = tour.page.context.new_page()
    other.set_default_timeout(60_000)
    other.goto(f"{tour.told['origins'][0]}/console/")
    other.get_by_role("link", name="Sign in as somebody else").click()
    other.get_by_role("button", name=f"Go on as {alice}").wait_for()
    sign_in(tour, other, bob)
    look_at(tour, other, "home beside")
    other.get_by_role("button", name=f"Go on as {alice}").click()
    is_shown(other, alice)
    other.get_by_role("button", name=f"Go on as {bob}").click()
    is_shown(other, bob)
    tour.sign_out()
    tour.page.get_by_role("button", name=f"Go on as {bob}").wait_for()
    tour.look("sign-in beside")
    tour.seen["alice"] = tour.page.get_by_role("button", name=f"Go on as {alice}").count()
    other.reload()
    is_shown(other, bob)
    tour.page.get_by_role("button", name=f"Sign out {bob}").click()
    tour.page.get_by_role("button", name=f"Go on as {bob}").wait_for(state="detached")
    other.reload()
    other.wait_for_url(re.compile("/console/sign-in"))


with touring() as tour:
    tour.page.goto(f"{tour.told['origins'][0]}/console/")
    sign_in(tour, tour.page, tour.told["users"][0])
    change_source(tour)
    sign_in_beside(tour)
