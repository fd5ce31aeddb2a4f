"""A browser, which another environment drives (`playwright`): it signs in with a code and with a passkey.

It is told where as JSON, prints as JSON what it saw, and knows nothing of Carnet but its pages.
"""

from __future__ import annotations

import hmac
import json
import sys
import time
from base64 import b32decode
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright  # type: ignore[import-not-found]  # of the environment that runs it

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""


def code_at(seed: str, when: float) -> str:
    """The one-time code of a moment."""
    digest = hmac.digest(b32decode(seed), (int(when) // 30).to_bytes(8), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


class Tour:
    """What happens, and what is seen on the way."""

    def __init__(self, page: Any, told: dict[str, Any]) -> None:
        self.page = page
        self.told = told
        self.seen: dict[str, Any] = {"violations": [], "elsewhere": [], "wide": [], "axe": {}, "errors": []}
        page.add_init_script(WATCH)
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.seen["errors"].append(str(error)))

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.told["endpoint"], self.told["origin"], "data:")):
            self.seen["elsewhere"].append(request.url)

    def look(self, name: str) -> None:
        """Whether the page that is shown keeps to the rules, in both themes and on a narrow screen."""
        self.seen["violations"] += self.page.evaluate("window.violations")
        self.page.set_viewport_size({"width": 320, "height": 640})
        if self.page.evaluate("document.documentElement.scrollWidth") > 320:
            self.seen["wide"].append(name)
        for theme in ("dark", "light"):
            self.page.emulate_media(color_scheme=theme)
            if self.told["axe"]:
                self.page.evaluate(Path(self.told["axe"]).read_text())
                found = self.page.evaluate("axe.run().then((seen) => seen.violations.map((each) => each.id))")
                self.seen["axe"][f"{name}, {theme}"] = found
        self.page.set_viewport_size({"width": 1280, "height": 800})

    def give_password(self) -> None:
        self.page.goto(f"{self.told['endpoint']}/console/")
        self.look("sign-in")
        self.page.get_by_label("Account ID or alias").fill(self.told["account"])
        self.page.get_by_label("User name").fill(self.told["user"])
        self.page.get_by_label("Password", exact=True).fill(self.told["password"])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Multi-factor authentication").wait_for()
        self.look("mfa")

    def sign_in_by_code(self) -> None:
        self.give_password()
        self.page.get_by_label("Code of your authenticator app").fill("000000")
        self.page.get_by_role("button", name="Go on").click()
        self.page.get_by_role("alert").get_by_text("incorrect").wait_for()
        self.page.get_by_label("Code of your authenticator app").fill(code_at(self.told["seed"], time.time() + 30))
        self.page.keyboard.press("Enter")
        self.page.get_by_role("heading", name="You are signed in").wait_for()
        self.look("home")

    def add_passkey(self) -> None:
        self.page.get_by_role("link", name="Security").click()
        self.look("security")
        self.page.get_by_role("button", name="Add a passkey or security key").click()
        self.page.get_by_role("cell", name="passkey or security key").wait_for()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").first.click()
        self.page.wait_for_url("**/console/sign-in")

    def sign_in_by_passkey(self) -> None:
        self.give_password()
        self.page.get_by_role("button", name="Use a passkey").click()
        self.page.get_by_role("heading", name="You are signed in").wait_for()
        self.seen["url"] = self.page.url


def main() -> None:
    told = json.loads(sys.argv[1])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=told["browser"], args=FLAGS)
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(20_000)
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
        tour = Tour(page, told)
        tour.sign_in_by_code()
        tour.add_passkey()
        tour.sign_out()
        tour.sign_in_by_passkey()
        browser.close()
    sys.stdout.write(json.dumps(tour.seen))


main()
