"""A browser, which another environment drives: a person begins with a link, enrols an app and a passkey, and
signs in for the AWS CLI, which runs beside it, each time in another way.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.clients.touring import STEP_SECONDS, Tour, code_at, touring, two_codes

_SECONDS = 180
_DEVICE = re.compile(r"http://\S+/device\?user_code=[A-Z]{4}-[A-Z]{4}")
_CODE = re.compile(r"http://\S+/authorize\?\S+")


class CommandLine:
    """The AWS CLI in a shell of the person."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._program: str = told["aws"]
        self._profile = ("--profile", told["profile"])
        self._environment: dict[str, str] = told["environment"]

    @contextmanager
    def signing_in(self, form: re.Pattern[str], *how: str) -> Iterator[str]:
        """`aws sso login`, and the address that it says to open; it has the credentials afterwards."""
        login = self._begin("sso", "login", "--no-browser", *how)
        try:
            yield _address(login, form)
            self._end(login)
        finally:
            login.kill()

    def arn(self) -> str:
        """Who the CLI is."""
        told: dict[str, str] = json.loads(self._end(self._begin("sts", "get-caller-identity")))
        return told["Arn"]

    def _begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._program, *arguments, *self._profile],
            env=self._environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _end(self, process: subprocess.Popen[str]) -> str:
        output, _ = process.communicate(timeout=_SECONDS)
        assert process.returncode == 0, output
        return output


def _address(process: subprocess.Popen[str], form: re.Pattern[str]) -> str:
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if found := form.search(line):
            return found[0]
    raise AssertionError(shown)


def begin_with_link(tour: Tour) -> None:
    tour.page.goto(tour.told["link"])
    tour.look("invited")
    tour.fill("New password", tour.told["password"])
    tour.fill("The same again", tour.told["password"])
    tour.press("Set the password")
    tour.page.wait_for_url("**/console/sign-in/person?store=*")
    tour.look("sign-in")


def give_password(tour: Tour) -> None:
    tour.fill("User name", tour.told["user"])
    tour.fill("Password", tour.told["password"])
    tour.press("Sign in")


def enrol_app(tour: Tour) -> str:
    """Set up an authenticator app; its seed."""
    tour.wait_for("Set up multi-factor authentication")
    tour.look("enrol")
    tour.press("Authenticator app")
    tour.wait_for("Set up an authenticator app")
    tour.look("enrol-app")
    seed: str = tour.page.locator("code[data-shown=seed]").inner_text()
    first, second = two_codes(seed)
    tour.fill("First code", first)
    tour.fill("Second code", second)
    tour.press("Set up the app")
    return seed


def consent(tour: Tour) -> None:
    tour.wait_for("Allow this program")
    tour.look("consent")
    tour.press("Allow")
    tour.page.wait_for_url("http://127.0.0.1:*/oauth/callback*")


def approve(tour: Tour) -> None:
    tour.wait_for("Let a device sign in")
    tour.look("device-code")
    tour.press("Go on")
    tour.wait_for("Allow this device")
    tour.look("device")
    tour.press("Allow")
    tour.page.get_by_role("status").get_by_text("You can close this window").wait_for()


def approve_again(tour: Tour, url: str) -> None:
    """Neither the page that was answered nor its code is good once more."""
    tour.page.reload()
    tour.wait_for("Sorry")
    tour.look("refused")
    tour.page.goto(url)
    tour.press("Go on")
    tour.page.get_by_role("alert").get_by_text("There is no device that waits with this code.").wait_for()


def portal(tour: Tour) -> None:
    tour.page.goto(f"{tour.told['origins'][0]}/console/")
    tour.wait_for("Access portal")


def get_credentials(tour: Tour) -> None:
    tour.press("Reader: credentials, in build")
    tour.page.get_by_role("heading", name="For a shell").wait_for()
    tour.look("credentials")


def main(tour: Tour) -> None:
    tour.seen["arns"] = []
    cli = CommandLine(tour.told)
    begin_with_link(tour)

    with cli.signing_in(_CODE) as url:
        tour.page.goto(url)
        give_password(tour)
        seed = enrol_app(tour)
        consent(tour)
    tour.seen["arns"].append(cli.arn())

    portal(tour)
    tour.look("portal")
    get_credentials(tour)
    tour.sign_out()
    with cli.signing_in(_DEVICE, "--use-device-code") as url:
        tour.page.goto(url)
        give_password(tour)
        tour.fill("Code of your authenticator app", code_at(seed, time.time() + STEP_SECONDS))
        tour.press("Go on")
        approve(tour)
        approve_again(tour, url)
    tour.seen["arns"].append(cli.arn())

    portal(tour)
    tour.add_passkey()
    tour.sign_out()
    with cli.signing_in(_CODE) as url:
        tour.page.goto(url)
        give_password(tour)
        tour.wait_for("Multi-factor authentication")
        tour.look("mfa")
        tour.press("Use a passkey")
        consent(tour)
    tour.seen["arns"].append(cli.arn())


with touring() as tour:
    main(tour)
