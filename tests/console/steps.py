"""Each step of a sign-in, and of what people and programs do after it, about to be taken."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError

from carnet.entities.identity_center_instance import Instance
from carnet.services.scim_tokens import tokens_of
from tests.console.authenticator import Authenticator
from tests.console.conftest import GOOD, Site
from tests.console.test_federation import EVERYTHING, assumed, login, role, token_of
from tests.console.test_login_consent import Program
from tests.console.test_passkeys import a_user, begun, with_passkey
from tests.console.test_people import OTHER, invited, person, set_password, with_password
from tests.console.test_people import sign_in as sign_in_person
from tests.console.test_provider_sign_in import IDP, Provided, use
from tests.console.test_sso_consent import Person
from tests.saml import idp
from tests.scim.provisioner import a_user as a_scim_user
from tests.scim.provisioner import another_token
from tests.services.sso_oidc.people import DEVICE

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

    def new_password(self) -> Step:
        user, browser = self.site.user(PasswordResetRequired=True), self.site.browser
        self.site.iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=EVERYTHING)
        flow = self.site.sign_in(browser, user)["flow"]
        self.then = lambda: (
            browser.is_signed_in() and self.site.sign_in(self.site.browser, user, OTHER)["next"] == "done"
        )
        return lambda: browser.step("new-password", flow=flow, password=OTHER).status

    def passkey(self) -> Step:
        user, key = with_passkey(self.site)
        browser = self.site.browser
        self.then = browser.is_signed_in
        told = self.site.sign_in(self.site.browser, user)
        credential = key.get(told["passkey"])
        return lambda: browser.step("passkey", flow=told["flow"], credential=credential).status

    def new_passkey(self) -> Step:
        user, browser, key = a_user(self.site), self.site.browser, Authenticator()
        self.site.sign_in(browser, user)
        told = begun(browser)
        credential = key.create(told["create"])
        self.then = lambda: len(self.site.iam.list_mfa_devices(UserName=user)["MFADevices"]) == 1
        return lambda: browser.step("new-passkey", flow=told["flow"], credential=credential).status

    def password_by_a_link(self) -> Step:
        someone = person(self.site, self.instance)
        token = invited(self.site, someone).token
        self.then = lambda: sign_in_person(self.site.browser, someone).told["next"] == "enrol"
        return lambda: set_password(self.site, token).status

    def first_app_of_a_person(self) -> Step:
        someone, browser = with_password(self.site, self.instance), self.site.browser
        begun = browser.step("enrol-app", flow=sign_in_person(browser, someone).told["flow"]).told
        seed = base64.b32decode(begun["seed"])
        codes = [self.site.code(seed, -1), self.site.code(seed)]
        self.then = browser.is_signed_in
        return lambda: browser.step("enrol-codes", flow=begun["flow"], codes=codes).status

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
        mary = Person(self.site, self.instance)
        given = mary.code(mary.register())
        return lambda: status_of(mary.oidc.create_token, **given)

    def client_refreshes(self) -> Step:
        mary = Person(self.site, self.instance)
        given = mary.code(mary.register())
        told = mary.oidc.create_token(**given)
        client = {name: given[name] for name in ("clientId", "clientSecret")}
        again = {"grantType": "refresh_token", "refreshToken": told["refreshToken"], **client}
        self.then = lambda: status_of(mary.portal.list_accounts, accessToken=told["accessToken"]) == 200
        return lambda: status_of(mary.oidc.create_token, **again)

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

    def log_out(self) -> Step:
        """What `aws sso logout` asks."""
        mary = Person(self.site, self.instance)
        given = mary.code(mary.register())
        token = mary.oidc.create_token(**given)["accessToken"]
        self.then = lambda: status_of(mary.portal.list_accounts, accessToken=token) == 401
        return lambda: status_of(mary.portal.logout, accessToken=token)

    def scim_adds_a_person(self) -> Step:
        here, name = self.site.server.installation, secrets.token_hex(8)
        with here.store.write() as unit:  # a tenant has two
            for token in tokens_of(here.directory.snapshot, self.instance):
                unit.remove(token)
        here.directory.catch_up()
        scim = another_token(self.site.server, self.instance.identity_store)
        find = f'Users?filter=userName%20eq%20"{name}"'
        self.then = lambda: scim("GET", find).members["totalResults"] == 1
        created = {201: 200}

        def step() -> int:
            status = scim("POST", "Users", a_scim_user(name)).status
            return created.get(status, status)

        return step


STEPS = [name for name in vars(Flows) if not name.startswith("_") and name not in ("then", "site", "instance")]
