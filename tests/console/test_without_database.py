"""Each step of a sign-in beside a database that is down, or a disk that is full: it is refused, nothing of it counts,
and the same step is taken once the database is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from carnet.base.faults import Unavailable
from carnet.entities.identity_center_instance import Instance
from tests.console.conftest import Site
from tests.console.steps import STEPS, Flows, Step
from tests.console.test_people import instance
from tests.console.test_provider_sign_in import use_directory
from tests.console.test_sso_consent import Person
from tests.services.sso_oidc.people import REDIRECT

assert callable(instance), "a fixture"


@pytest.fixture(autouse=True)
def directory_again(site: Site, instance: Instance) -> Iterator[None]:
    yield
    use_directory(site)


@pytest.fixture(params=["down", "full"])
def broken(request: pytest.FixtureRequest, site: Site) -> Callable[[pytest.MonkeyPatch], None]:
    def down(_: object) -> None:
        raise Unavailable("The database cannot be reached.")

    if request.param == "full":
        return site.server.fill_disk
    return lambda patch: patch.setattr(type(site.server.installation.store), "group", down)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_taken_later(
    site: Site,
    instance: Instance,
    broken: Callable[[pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    flows = Flows(site, instance)
    step: Step = getattr(flows, name)()
    with monkeypatch.context() as patch:
        broken(patch)
        for _ in range(2):
            assert step() == 503, "what is worth a retry"
    site.later(1)
    assert step() == 200
    assert flows.then()


def test_what_is_shown_and_what_is_consented_to_needs_none(
    site: Site, instance: Instance, broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And somebody else who has signed in in the browser goes on."""
    mary, user = Person(site, instance), site.user()
    mary.assigned()
    site.later(1)
    site.sign_in(mary.browser, user)
    client = mary.register()
    with monkeypatch.context() as patch:
        broken(patch)
        assert user in mary.browser.get("/console/").text
        offered = mary.browser.get("/console/sign-in/person")
        csrf = offered.text.split('data-csrf="')[-1][:64]
        assert mary.browser.ask("POST", "/console/shown", {}, x_carnet_csrf=csrf).status == 200
        shown = mary.browser.get("/console/")
        assert mary.user.user_name in shown.text
        asked = {"account": site.account, "role": shown.text.split('name="role" value="')[1].partition('"')[0]}
        page = mary.browser.ask("POST", "/console/credentials", asked, x_carnet_csrf=mary.browser.csrf())
        assert (page.status, "aws_session_token" in page.text) == (200, True)
        answer = mary.send({"kind": "client", "query": mary.query(client), "answer": "allow"})
        assert answer.told["to"].startswith(f"{REDIRECT}?code=")
        assert mary.browser.get("/device").status == 200
