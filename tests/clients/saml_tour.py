"""A browser, which another environment drives: a person comes by an identity provider and opens an application."""

from __future__ import annotations

from tests.clients.touring import touring

with touring() as tour:
    page = tour.page
    page.goto(f"{tour.told['origins'][0]}/console/sign-in/person")
    tour.press("identity provider")
    page.wait_for_url(f"{tour.told['origins'][0]}/console/")
    page.get_by_text(tour.told["application"]).click()
    page.wait_for_url(f"{tour.told['elsewhere']}/acs")
    tour.seen["arrived"] = page.locator("body").inner_text()
