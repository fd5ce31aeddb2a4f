"""A browser, which another environment drives: an IAM user signs in with a code and with a passkey."""

from __future__ import annotations

import re
import time

from tests.clients.touring import STEP_SECONDS, Tour, code_at, touring


def give_password(tour: Tour) -> None:
    tour.page.goto(f"{tour.told['endpoint']}/console/")
    tour.look("sign-in")
    tour.fill("Account ID or alias", tour.told["account"])
    tour.fill("User name", tour.told["user"])
    tour.fill("Password", tour.told["password"])
    tour.press("Sign in")
    tour.wait_for("Multi-factor authentication")
    tour.look("mfa")


def sign_in_by_code(tour: Tour) -> None:
    give_password(tour)
    tour.fill("Code of your authenticator app", "000000")
    tour.press("Go on")
    tour.page.get_by_role("alert").get_by_text("incorrect").wait_for()
    tour.fill("Code of your authenticator app", code_at(tour.told["seed"], time.time() + STEP_SECONDS))
    tour.page.keyboard.press("Enter")
    tour.wait_for("You are signed in")
    tour.look("home")


def sign_in_by_passkey(tour: Tour) -> None:
    give_password(tour)
    tour.press("Use a passkey")
    tour.wait_for("You are signed in")
    tour.seen["url"] = tour.page.url


def look_at_login(tour: Tour) -> None:
    """What `aws login` opens, on this machine and on another one, and what it gives to paste there."""
    for name, query in tour.told["logins"].items():
        tour.page.goto(f"{tour.told['origins'][0]}/v1/authorize?{query}")
        tour.wait_for("Allow this program")
        tour.look(name)
    tour.press("Allow")
    tour.page.get_by_role("status").filter(has_text=re.compile("[A-Za-z0-9+/=]{40}")).wait_for()
    tour.look("code to paste")


def begin_with_new_password(tour: Tour) -> None:
    tour.page.goto(f"{tour.told['endpoint']}/console/")
    tour.fill("Account ID or alias", tour.told["account"])
    tour.fill("User name", tour.told["newcomer"])
    tour.fill("Password", tour.told["password"])
    tour.press("Sign in")
    tour.wait_for("Set a new password")
    tour.look("new-password")


def without_script(tour: Tour) -> None:
    """No password comes into an address: the browser sends the form itself, and is told that nothing was done."""
    context = tour.page.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{tour.told['origins'][0]}/console/sign-in")
    page.get_by_label("Account ID or alias").fill(tour.told["account"])
    page.get_by_label("User name").fill(tour.told["newcomer"])
    page.get_by_label("Password", exact=True).fill(tour.told["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("heading", name="Not so").wait_for()
    tour.seen["sent without script"] = page.url
    context.close()


with touring() as tour:
    sign_in_by_code(tour)
    tour.add_passkey()
    tour.sign_out()
    sign_in_by_passkey(tour)
    look_at_login(tour)
    tour.page.goto(f"{tour.told['origins'][0]}/console/")
    tour.sign_out()
    begin_with_new_password(tour)
    without_script(tour)
