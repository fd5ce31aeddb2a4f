"""A browser, which another environment drives: an IAM user signs in with a code and with a passkey."""

from __future__ import annotations

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


with touring() as tour:
    sign_in_by_code(tour)
    tour.add_passkey()
    tour.sign_out()
    sign_in_by_passkey(tour)
