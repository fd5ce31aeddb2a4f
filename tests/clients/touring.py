"""What tours of the pages with a browser share: how it is started, and what is looked at on each page.

It runs in the environment that has `playwright`, and knows nothing of Carnet but its pages.
"""

from __future__ import annotations

import hmac
import json
import re
import sys
import time
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright  # type: ignore[import-not-found]  # of the environment that runs it

_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
"""
STEP_SECONDS = 30
_WINDOW = {"width": 1280, "height": 800}
_SIZES = ((320, ""), (640, ""), (640, "200%"), (1280, "200%"))
"""CSS pixels, and the size of text: a window of 1280 pixels that is magnified four times, and twice."""


def code_at(seed: str, when: float) -> str:
    """The one-time code of a moment."""
    digest = hmac.digest(b32decode(seed), (int(when) // STEP_SECONDS).to_bytes(8), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


def two_codes(seed: str) -> tuple[str, str]:
    """The last code and the one of now."""
    now = time.time()
    return code_at(seed, now - STEP_SECONDS), code_at(seed, now)


class Tour:
    """A browser with a passkey, and what is seen on the way."""

    def __init__(self, page: Page, told: dict[str, Any]) -> None:
        self.page = page
        self.told = told
        self.seen: dict[str, Any] = {"elsewhere": [], "wide": [], "axe": {}, "errors": []}
        page.add_init_script(_WATCH)
        page.on("request", self._note)
        page.on("pageerror", lambda error: self.seen["errors"].append(str(error)))
        page.on("console", self._listen)

    def _note(self, request: Any) -> None:
        if not request.url.startswith((*self.told["origins"], "data:")):
            self.seen["elsewhere"].append(request.url)

    def _listen(self, message: Any) -> None:
        # A refusal is an answer, too: the browser alone takes it for an error.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.seen["errors"].append(message.text)

    def look(self, name: str) -> None:
        """Whether the page that is shown keeps to the rules: in both themes, in the colours that a system forces on it,
        on a narrow screen, magnified, and with large text.
        """
        self._look_for_width(name)
        for theme in ("dark", "light"):
            self.page.emulate_media(color_scheme=theme)
            self._ask_axe(f"{name}, {theme}")
        self.page.emulate_media(forced_colors="active")
        self._ask_axe(f"{name}, forced")
        self.page.emulate_media(forced_colors="none")
        self.page.set_viewport_size(_WINDOW)

    def _look_for_width(self, name: str) -> None:
        for width, text in _SIZES:
            self.page.set_viewport_size({"width": width, "height": 640})
            self.page.evaluate("size => { document.documentElement.style.fontSize = size; }", text)
            if self.page.evaluate("document.documentElement.scrollWidth") > width:
                self.seen["wide"].append(f"{name}, {width} px, {text or 'usual'} text")
        self.page.evaluate("document.documentElement.style.fontSize = ''")

    def _ask_axe(self, name: str) -> None:
        if self.told.get("axe"):
            self.page.set_viewport_size({"width": _SIZES[0][0], "height": 640})
            self.page.evaluate(Path(self.told["axe"]).read_text())
            found = self.page.evaluate("axe.run().then((seen) => seen.violations.map((each) => each.id))")
            self.seen["axe"][name] = found

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button).click()

    def fill(self, label: str, text: str) -> None:
        self.page.get_by_label(label, exact=True).fill(text)

    def wait_for(self, heading: str) -> None:
        self.page.get_by_role("heading", name=heading).wait_for()

    def add_passkey(self) -> None:
        self.page.get_by_role("link", name="Security").click()
        self.look("security")
        self.press("Add a passkey or security key")
        self.page.get_by_role("cell", name="passkey or security key").wait_for()

    def sign_out(self) -> None:
        self.page.get_by_role("button", name="Sign out").first.click()
        self.page.wait_for_url(re.compile("/console/sign-in"))
        self.seen["signed_out"] = self.page.url


@contextmanager
def touring() -> Iterator[Tour]:
    """A tour with what the first argument tells, as JSON; what was seen is printed at its end."""
    told = json.loads(sys.argv[1])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=told["browser"], args=_FLAGS)
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(60_000)
        devtools = context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _KEY})
        tour = Tour(page, told)
        yield tour
        browser.close()
    sys.stdout.write(json.dumps(tour.seen))
