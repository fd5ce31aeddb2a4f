"""A browser, which another environment drives (`playwright`): a person comes by an identity provider, and goes on to an
application.

It is told where as JSON, prints as JSON what it saw, and knows nothing of Carnet but its pages.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from playwright.sync_api import Page, sync_playwright  # type: ignore[import-not-found]  # of the environment that runs it

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WATCH = """
document.addEventListener("securitypolicyviolation", (event) => console.error(event.violatedDirective));
"""


def tour(page: Page, told: dict[str, Any]) -> dict[str, Any]:
    errors: list[str] = []
    page.add_init_script(WATCH)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{told['origin']}/console/sign-in/person")
    page.get_by_role("button", name="identity provider").click()
    page.wait_for_url(f"{told['origin']}/console/")
    portal = page.locator("main").inner_text()
    page.get_by_text(told["application"]).click()
    page.wait_for_url(f"{told['elsewhere']}/acs")
    return {"portal": portal, "arrived": page.locator("body").inner_text(), "errors": errors}


with sync_playwright() as playwright:
    told = json.loads(sys.argv[1])
    chromium = playwright.chromium.launch(executable_path=told["browser"], args=FLAGS)
    page = chromium.new_page()
    page.set_default_timeout(20_000)
    seen = tour(page, told)
    chromium.close()
sys.stdout.write(json.dumps(seen))
