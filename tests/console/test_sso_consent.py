"""People let devices and clients act in their name: the whole way, from what the client asks to credentials."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.console.device_consent import FREE
from carnet.directory.identity_center import own_instance
from carnet.entities.account_assignment import AccountAssignment, PrincipalType
from carnet.entities.identity_center_instance import Instance
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.entities.role import Role
from carnet.entities.sso_application import SsoApplication
from carnet.identity.attempt_limits import MOST_OF_OWNER
from carnet.services.accounts import NewAccounts, create_accounts
from carnet.services.identity_center import enable_here
from tests.attacks.wire import audit
from tests.console.browsing import Browser, Page
from tests.console.conftest import Site
from tests.console.test_people import enrol, instance, save, sign_in, with_password
from tests.services.sso_oidc.people import CHALLENGE, DEVICE, REDIRECT, SCOPE, VERIFIER

assert callable(instance), "a fixture"


class Person:
    """Somebody of the instance, signed in in a browser, with a client that is registered."""

    def __init__(
        self, site: Site, instance: Instance, signed_in: tuple[IdentityStoreUser, Browser] | None = None
    ) -> None:
        self.site, self.instance = site, instance
        if signed_in is None:
            signed_in = with_password(site, instance), site.browser
            told = sign_in(signed_in[1], signed_in[0], account=instance.identity_store).told
            enrol(site, signed_in[1], told["flow"])
        self.user, self.browser = signed_in
        make: Any = boto3.client
        without = {"endpoint_url": site.server.endpoint, "region_name": "us-east-1"}
        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        self.oidc, self.portal = (make(name, config=config, **without) for name in ("sso-oidc", "sso"))

    def register(self, *, device: bool = False) -> dict[str, str]:
        asks: dict[str, Any] = {"clientName": "botocore <client>", "clientType": "public", "scopes": [SCOPE]}
        if not device:
            asks |= {
                "grantTypes": ["authorization_code", "refresh_token"],
                "redirectUris": ["http://127.0.0.1/oauth/callback"],
                "issuerUrl": self.instance.start_url,
            }
        made = self.oidc.register_client(**asks)
        return {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}

    def send(self, given: dict[str, str], browser: Browser | None = None) -> Page:
        sender = browser or self.browser
        return sender.ask("POST", "/console/approve", given, x_carnet_csrf=sender.csrf())

    def find(self, code: str, browser: Browser | None = None) -> Page:
        return self.send({"kind": "find-device", "code": code}, browser)

    def query(self, client: dict[str, str], **changed: str) -> str:
        fields = {
            "response_type": "code",
            "client_id": client["clientId"],
            "redirect_uri": REDIRECT,
            "state": "the-state",
            "code_challenge_method": "S256",
            "scopes": SCOPE,
            "code_challenge": CHALLENGE,
        }
        return urlencode(fields | changed)

    def code(self, client: dict[str, str]) -> dict[str, str]:
        """What a client asks with for tokens, of a code that she has let it have."""
        to = self.send({"kind": "client", "query": self.query(client), "answer": "allow"}).told["to"]
        code = parse_qs(urlsplit(to).query)["code"][0]
        asked = {"grantType": "authorization_code", "redirectUri": REDIRECT, "codeVerifier": VERIFIER, "code": code}
        return asked | client

    def assigned(self) -> None:
        """Give the person a permission set in the account."""
        here, now = self.site.server.installation, self.site.server.clock()
        digits = here.ids.random(8).hex()
        common: dict[str, Any] = {"account": self.site.account, "instance": self.instance.id}
        made = PermissionSet(id=f"ps-{digits}", name=f"Reader{digits}", created=now, **common)
        role = Role(
            id=here.ids.unique("AROA"),
            account=self.site.account,
            path="/aws-reserved/sso.amazonaws.com/",
            name=f"AWSReservedSSO_Reader_{digits}",
            created=now,
            trust='{"Version":"2012-10-17","Statement":[]}',
        )
        provisioned = ProvisionedPermissionSet(
            permission_set=made.id,
            target=self.site.account,
            role=role.id,
            content_hash="",
            session_seconds=3600,
            provisioned=now,
            **common,
        )
        assignment = AccountAssignment(
            permission_set=made.id,
            target=self.site.account,
            principal_type=PrincipalType.USER,
            principal=self.user.id,
            created=now,
            **common,
        )
        for entity in (made, role, provisioned, assignment):
            save(self.site, entity, new=True)


@pytest.fixture
def mary(site: Site, instance: Instance) -> Person:
    return Person(site, instance)


def test_a_device_is_allowed_and_gets_credentials(site: Site, mary: Person) -> None:
    mary.assigned()
    client = mary.register(device=True)
    asked = mary.oidc.start_device_authorization(startUrl=mary.instance.start_url, **client)
    poll = {"grantType": DEVICE, "deviceCode": asked["deviceCode"], **client}
    with pytest.raises(mary.oidc.exceptions.AuthorizationPendingException) as waiting:
        mary.oidc.create_token(**poll)
    assert waiting.value.response["error"] == "authorization_pending"
    assert waiting.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    complete = urlsplit(asked["verificationUriComplete"])
    shown = mary.browser.get(f"{complete.path}?{complete.query}")
    assert f'value="{asked["userCode"]}"' in shown.text
    to = mary.find(asked["userCode"]).told["to"]
    page = mary.browser.get(to)
    assert "botocore &lt;client&gt;" in page.text
    assert "127.0.0.1" in page.text
    assert "Botocore/" in page.text
    found = re.search(r'name="found" value="([^"]+)"', page.text)
    assert found is not None
    answer = mary.send({"kind": "device", "found": found[1], "answer": "allow"})
    assert answer.status == 200, answer.text
    event = next(each for each in reversed(audit(site.server)) if each["eventName"] == "UserAuthorizedDevice")
    assert event["responseElements"] == {"UserAuthorizedDevice": "Success"}
    token = mary.oidc.create_token(**poll)["accessToken"]
    (account,) = mary.portal.list_accounts(accessToken=token)["accountList"]
    (role,) = mary.portal.list_account_roles(accessToken=token, accountId=account["accountId"])["roleList"]
    given = mary.portal.get_role_credentials(accessToken=token, **role)["roleCredentials"]
    identity = site.server.client(
        "sts", key=given["accessKeyId"], secret=given["secretAccessKey"], token=given["sessionToken"]
    ).get_caller_identity()
    assert identity["Arn"].endswith(f"/{mary.user.user_name}")
    assert given["expiration"] > 10**12, "milliseconds"
    with pytest.raises(ClientError, match="No access") as forbidden:
        mary.portal.get_role_credentials(accessToken=token, accountId=account["accountId"], roleName="Other")
    assert forbidden.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert forbidden.value.response["Error"]["Code"] == "ForbiddenException"
    mary.portal.logout(accessToken=token)
    with pytest.raises(mary.portal.exceptions.UnauthorizedException):
        mary.portal.list_accounts(accessToken=token)
    assert not mary.browser.is_signed_in()
    written = json.dumps(audit(site.server)[-40:])
    for secret in (token, asked["deviceCode"], asked["userCode"], given["secretAccessKey"], client["clientSecret"]):
        assert secret not in written


def test_a_device_is_refused(mary: Person) -> None:
    client = mary.register(device=True)
    asked = mary.oidc.start_device_authorization(startUrl=mary.instance.start_url, **client)
    found = parse_qs(urlsplit(mary.find(asked["userCode"]).told["to"]).query)["found"][0]
    assert mary.send({"kind": "device", "found": found, "answer": "deny"}).status == 200
    with pytest.raises(mary.oidc.exceptions.AccessDeniedException):
        mary.oidc.create_token(grantType=DEVICE, deviceCode=asked["deviceCode"], **client)


def test_what_one_browser_has_found_no_other_one_answers(
    site: Site,
    instance: Instance,
    mary: Person,
) -> None:
    asked = mary.oidc.start_device_authorization(startUrl=instance.start_url, **mary.register(device=True))
    found = parse_qs(urlsplit(mary.find(asked["userCode"]).told["to"]).query)["found"][0]
    other = Person(site, instance)
    for text in (found, "x", asked["deviceCode"]):
        page = other.send({"kind": "device", "found": text, "answer": "allow"})
        assert (page.status, page.told["code"]) == (404, "NotFound")


def test_codes_are_not_guessed(site: Site, mary: Person) -> None:
    asked = mary.oidc.start_device_authorization(startUrl=mary.instance.start_url, **mary.register(device=True))
    for _ in range(FREE):
        assert mary.find("BCDF-GHJK").status == 404
    for code in ("BCDF-GHJK", asked["userCode"]):
        assert mary.find(code).status == 429
    site.later(2)
    assert mary.find(asked["userCode"]).status == 200
    assert mary.find(asked["userCode"]).status == 200


def test_attack_6_codes_are_not_guessed_from_many_networks(site: Site, mary: Person) -> None:
    """Who has somebody's browser, and many addresses, has a hundred guesses an hour."""
    asked = mary.oidc.start_device_authorization(startUrl=mary.instance.start_url, **mary.register(device=True))
    attempts, now = site.server.installation.store.password_attempts, site.server.clock()
    for number in range(MOST_OF_OWNER - 1):
        assert attempts.reserve(f"device-codes:{mary.user.id}", f"network {number}", now, lambda _: True)
    assert mary.find("BCDF-GHJK").status == 404
    assert mary.find(asked["userCode"]).status == 429
    site.later(300)
    assert mary.find(asked["userCode"]).status == 429, "it does not wait alone"


def test_a_client_gets_a_code_once_the_person_consents(mary: Person) -> None:
    client = mary.register()
    page = mary.browser.get(f"/authorize?{mary.query(client)}")
    assert "botocore &lt;client&gt;" in page.text
    assert REDIRECT in page.text
    to = mary.send({"kind": "client", "query": mary.query(client), "answer": "allow"}).told["to"]
    assert to.startswith(f"{REDIRECT}?code=")
    fields = parse_qs(urlsplit(to).query)
    tokens = mary.oidc.create_token(
        grantType="authorization_code",
        redirectUri=REDIRECT,
        codeVerifier=VERIFIER,
        code=fields["code"][0],
        **client,
    )
    assert tokens["refreshToken"].startswith("aor")
    assert mary.portal.list_accounts(accessToken=tokens["accessToken"])["accountList"] == []
    with pytest.raises(mary.oidc.exceptions.InvalidGrantException):
        mary.oidc.create_token(
            grantType="authorization_code",
            redirectUri=REDIRECT,
            codeVerifier=VERIFIER,
            code=fields["code"][0],
            **client,
        )
    with pytest.raises(mary.portal.exceptions.UnauthorizedException):
        mary.portal.list_accounts(accessToken=tokens["accessToken"])


def test_who_signs_out_ends_what_was_consented_to_there(site: Site, mary: Person) -> None:
    def tokens() -> str:
        token: str = mary.oidc.create_token(**mary.code(mary.register()))["accessToken"]
        return token

    here, first = tokens(), mary.browser
    assert mary.portal.list_accounts(accessToken=here)
    page = first.ask("DELETE", "/console/session", x_carnet_csrf=first.csrf())
    assert page.status == 200, page.text
    with pytest.raises(mary.portal.exceptions.UnauthorizedException):
        mary.portal.list_accounts(accessToken=here)


def test_a_client_is_told_of_a_refusal(mary: Person) -> None:
    client = mary.register()
    page = mary.send({"kind": "client", "query": mary.query(client), "answer": "deny"})
    assert page.told == {"to": f"{REDIRECT}?error=access_denied&state=the-state"}


def test_a_browser_is_sent_to_clients_that_have_registered_it_alone(mary: Person) -> None:
    client = mary.register()
    for changed in ({"redirect_uri": "http://evil.example/"}, {"client_id": "x"}, {"state": "a\r\nb"}):
        page = mary.browser.get(f"/authorize?{mary.query(client, **changed)}")
        assert (page.status, page.header("location")) == (400, None)
        assert mary.send({"kind": "client", "query": mary.query(client, **changed), "answer": "allow"}).status == 400
    page = mary.browser.get(f"/authorize?{mary.query(client, code_challenge_method='plain')}")
    assert page.header("location") == f"{REDIRECT}?error=invalid_request&state=the-state"


def test_an_iam_user_is_no_person(site: Site, mary: Person) -> None:
    browser, query = site.browser, mary.query(mary.register())
    assert site.sign_in(browser, site.user())["next"] == "done"
    assert browser.get("/device").header("location") == "/console/sign-in/person?to=%2Fdevice"
    assert browser.get(f"/authorize?{query}").status == 303
    assert mary.send({"kind": "client", "query": query, "answer": "allow"}, browser).status == 401


def test_nobody_consents_from_another_page(mary: Person) -> None:
    given = {"kind": "client", "query": mary.query(mary.register()), "answer": "allow"}
    for headers in ({}, {"x_carnet_csrf": mary.browser.csrf(), "origin": "http://evil.example"}):
        assert mary.browser.ask("POST", "/console/approve", given, **headers).status == 403


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"kind":"x"}', b'{"kind":"client","query":"","answer":"maybe"}', b"\xff" * 65_536]
)
def test_what_is_no_answer_is_refused(mary: Person, body: bytes) -> None:
    page = mary.browser.ask("POST", "/console/approve", body, x_carnet_csrf=mary.browser.csrf())
    assert page.status == 400


def test_an_answer_of_more_than_64_kilobytes_is_too_long(mary: Person) -> None:
    page = mary.browser.ask("POST", "/console/approve", b" " * 65_537, x_carnet_csrf=mary.browser.csrf())
    assert (page.status, page.told["message"]) == (413, "The body is too long.")


def test_who_is_disabled_consents_to_nothing(site: Site, mary: Person) -> None:
    given = {"kind": "client", "query": mary.query(mary.register()), "answer": "allow"}
    csrf = mary.browser.csrf()
    save(site, replace(mary.user, enabled=False))
    assert mary.browser.ask("POST", "/console/approve", given, x_carnet_csrf=csrf).status == 401


def another_instance(site: Site) -> Instance:
    """That of another account, which has no organization either."""
    here, now = site.server.installation, site.server.clock()
    (key,) = create_accounts(
        here.store,
        here.keyring,
        here.ids,
        NewAccounts(names=("b",), emails=("b@example.com",), partition="aws"),
        now=now,
    )
    here.directory.catch_up()
    enable_here(here.operator_call(), account=key.account, region="us-east-1")
    here.directory.catch_up()
    found = own_instance(here.directory.snapshot.accounts[key.account])
    assert found is not None
    return found


def refused_in_page_and_answer(mary: Person, query: str, sentence: str) -> None:
    """The page is not shown, and an answer that was made up gets no code."""
    shown = mary.browser.get(f"/authorize?{query}")
    assert (shown.status, sentence in shown.text) == (403, True)
    answered = mary.send({"kind": "client", "query": query, "answer": "allow"})
    assert (answered.status, answered.told["message"]) == (403, sentence)


def test_a_client_of_another_instance_gets_no_code(site: Site, mary: Person) -> None:
    client = mary.oidc.register_client(
        clientName="client",
        clientType="public",
        grantTypes=["authorization_code"],
        redirectUris=["http://127.0.0.1/oauth/callback"],
        issuerUrl=another_instance(site).start_url,
        scopes=[SCOPE],
    )
    sentence = "You are signed in at another instance than the client asks for."
    refused_in_page_and_answer(mary, mary.query(client), sentence)


def test_an_application_that_is_not_assigned_gets_no_code(site: Site, mary: Person) -> None:
    back = "https://app.example/callback"
    application = SsoApplication(
        id=f"apl-{site.server.installation.ids.random(8).hex()}",
        account=site.account,
        instance=mary.instance.id,
        application_account=site.account,
        provider="arn:aws:sso::aws:applicationProvider/custom",
        name="app",
        created=site.server.clock(),
        scopes={SCOPE: []},
        grants={"authorization_code": {"AuthorizationCode": {"RedirectUris": [back]}}},
    )
    save(site, application, new=True)
    query = mary.query({"clientId": application.arn}, redirect_uri=back)
    refused_in_page_and_answer(mary, query, "This application is not assigned to you.")
    save(site, replace(application, assignment_required=False))
    to = mary.send({"kind": "client", "query": query, "answer": "allow"}).told["to"]
    assert to.startswith(f"{back}?code=")


def test_answers_are_sent_with_post_and_nothing_is_asked_in_the_clear(mary: Person) -> None:
    assert mary.browser.get("/console/approve").status == 405
    for path in ("/device", "/authorize", "/v1/authorize", "/console/approve"):
        assert mary.browser.get(path, x_forwarded_for="192.0.2.1").status == 403


@pytest.mark.parametrize("over", ["answered", "expired"])
def test_a_device_that_was_found_is_answered_while_it_waits(site: Site, mary: Person, over: str) -> None:
    asked = mary.oidc.start_device_authorization(startUrl=mary.instance.start_url, **mary.register(device=True))
    to = mary.find(asked["userCode"]).told["to"]
    given = {"kind": "device", "found": parse_qs(urlsplit(to).query)["found"][0], "answer": "deny"}
    assert mary.browser.get(to).status == 200
    if over == "answered":
        assert mary.send(given).status == 200
    else:
        site.later(asked["expiresIn"] - 1)
        assert mary.browser.get(to).status == 200
        site.later(1)
    assert mary.browser.get(to).status == 404
    page = mary.send(given | {"answer": "allow"})
    assert (page.status, page.told["code"]) == (404, "NotFound")
