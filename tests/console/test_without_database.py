"""Each step of a sign-in beside a database that is down, or a disk that is full: it is refused, nothing of it counts,
and the same step is taken once the database is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from carnet.base.faults import Unavailable
from carnet.entities.identity_center_instance import Instance
from tests.console.conftest import GOOD, Site
from tests.console.test_federation import assumed, login, role, token_of
from tests.console.test_login_consent import Program
from tests.console.test_people import instance
from tests.console.test_provider_sign_in import IDP, Provided, use, use_directory
from tests.console.test_sso_consent import Person
from tests.saml import idp
from tests.services.sso_oidc.people import DEVICE, REDIRECT, VERIFIER

assert callable(instance), "a fixture"

Step = Callable[[], int]
"""One step; the status that it is answered with."""


def status_of(operation: Callable[..., object], **given: str) -> int:
    try:
        operation(**given)
    except ClientError as problem:
        return int(problem.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200


@dataclass
class Flows:
    """Somebody who is about to take a step."""

    site: Site
    instance: Instance
    then: Callable[[], bool] = field(default=lambda: True)
    """Whether the step has done what it does."""

    def password(self) -> Step:
        user, browser = self.site.user(), self.site.browser
        self.then = browser.is_signed_in
        return lambda: browser.sign_in(account=self.site.account, name=user, password=GOOD).status

    def code_of_an_app(self) -> Step:
        user, browser = self.site.user(), self.site.browser
        _, seed = self.site.app(user)
        self.site.later()
        flow, code = self.site.sign_in(browser, user)["flow"], self.site.code(seed)
        self.then = browser.is_signed_in
        return lambda: browser.step("code", flow=flow, code=code).status

    def sign_out(self) -> Step:
        browser = self.site.browser
        self.site.sign_in(browser, self.site.user())
        csrf = browser.csrf()
        self.then = lambda: not browser.is_signed_in()
        return lambda: browser.ask("DELETE", "/console/session", x_carnet_csrf=csrf).status

    def console_url(self) -> Step:
        browser, token = self.site.browser, token_of(self.site, assumed(self.site, role(self.site)))
        self.then = browser.is_signed_in
        return lambda: login(browser, token).status

    def device_asks(self) -> Step:
        mary = Person(self.site, self.instance)
        client = mary.register(device=True)
        begin = mary.oidc.start_device_authorization
        return lambda: status_of(begin, startUrl=self.instance.start_url, **client)

    def device_is_allowed(self) -> Step:
        mary, found, poll = self._device()
        self.then = lambda: status_of(mary.oidc.create_token, **poll) == 200
        return lambda: mary.send({"kind": "device", "found": found, "answer": "allow"}).status

    def device_gets_its_token(self) -> Step:
        mary, found, poll = self._device()
        assert mary.send({"kind": "device", "found": found, "answer": "allow"}).status == 200
        return lambda: status_of(mary.oidc.create_token, **poll)

    def _device(self) -> tuple[Person, str, dict[str, str]]:
        mary = Person(self.site, self.instance)
        client = mary.register(device=True)
        asked = mary.oidc.start_device_authorization(startUrl=self.instance.start_url, **client)
        found = parse_qs(urlsplit(mary.find(asked["userCode"]).told["to"]).query)["found"][0]
        return mary, found, {"grantType": DEVICE, "deviceCode": asked["deviceCode"], **client}

    def client_redeems_its_code(self) -> Step:
        mary, given = self._code()
        return lambda: status_of(mary.oidc.create_token, **given)

    def client_refreshes(self) -> Step:
        mary, given = self._code()
        told = mary.oidc.create_token(**given)
        client = {name: given[name] for name in ("clientId", "clientSecret")}
        again = {"grantType": "refresh_token", "refreshToken": told["refreshToken"], **client}
        self.then = lambda: status_of(mary.portal.list_accounts, accessToken=told["accessToken"]) == 200
        return lambda: status_of(mary.oidc.create_token, **again)

    def _code(self) -> tuple[Person, dict[str, str]]:
        mary = Person(self.site, self.instance)
        client = mary.register()
        to = mary.send({"kind": "client", "query": mary.query(client), "answer": "allow"}).told["to"]
        code = parse_qs(urlsplit(to).query)["code"][0]
        given = {"grantType": "authorization_code", "redirectUri": REDIRECT, "codeVerifier": VERIFIER, "code": code}
        return mary, {**given, **client}

    def aws_login_redeems_its_code(self) -> Step:
        program = Program(self.site)
        code = program.code()
        return lambda: int(program.redeem(code)[0])

    def aws_login_refreshes(self) -> Step:
        program = Program(self.site)
        token = program.begun()["refreshToken"]
        return lambda: int(program.refresh(token)[0])

    def assertion(self) -> Step:
        use(self.site, idp.metadata(redirect=IDP))
        provided = Provided(self.site, self.instance)
        left = provided.leave()
        response = idp.post(provided.answer(left["request"]))
        self.then = provided.browser.is_signed_in
        return lambda: provided.post(response, left["relay"]).status


STEPS = [name for name in vars(Flows) if not name.startswith("_") and name not in ("then", "site", "instance")]


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
            assert step() in (500, 503), "what is worth a retry"
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
