"""Tools that know AWS's host names alone sign in here: DNS leads the names to a proxy that ends TLS, and it to here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from carnet.entities.identity_center_instance import Instance
from tests.console.browsing import Browser
from tests.console.conftest import Site
from tests.console.test_people import enrol, instance, sign_in, with_password
from tests.console.test_sso_consent import Person
from tests.server.in_process import in_process_server
from tests.services.sso_oidc.people import DEVICE

assert callable(instance), "a fixture"
PORTAL = "d-0123456789.awsapps.com"
SIGN_IN = "signin.aws.amazon.com"


class AtAnother(Site):
    """A server whose pages are at the address of the portal."""

    @property
    def browser(self) -> Browser:
        return Browser(self.server, origin=f"https://{PORTAL}", host=PORTAL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = tmp_path_factory.mktemp("site")
    with in_process_server(made, password_hash_kib=8, public_url=f"https://{PORTAL}") as server:
        yield AtAnother(server, server.client("iam"))


@pytest.fixture
def names(site: Site, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """DNS as its operator has set it: AWS's names lead here. Which ones were asked for."""
    asked: set[str] = set()

    def here(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.add(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", site.server.port))]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    return asked


def client(service: str, **more: Any) -> Any:
    """As a tool makes it that can be told no address; the proxy has ended TLS."""
    make: Any = boto3.client
    return make(service, region_name="us-east-1", use_ssl=False, **more)


@pytest.fixture
def mary(site: Site, instance: Instance) -> Person:
    someone, browser = with_password(site, instance), site.browser
    enrol(site, browser, sign_in(browser, someone).told["flow"])
    made = Person(site, instance, (someone, browser))
    made.assigned()
    return made


def test_a_person_gets_credentials(site: Site, mary: Person, names: set[str]) -> None:
    unsigned = {"config": Config(signature_version=UNSIGNED)}
    oidc, portal = client("sso-oidc", **unsigned), client("sso", **unsigned)
    made = oidc.register_client(clientName="vault", clientType="public")
    proof = {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}
    asked = oidc.start_device_authorization(startUrl=mary.instance.start_url, **proof)
    assert urlsplit(asked["verificationUriComplete"]).netloc == PORTAL
    to = mary.find(asked["userCode"]).told["to"]
    (found,) = (each.removeprefix("found=") for each in urlsplit(to).query.split("&"))
    assert mary.send({"kind": "device", "found": found, "answer": "allow"}).status == 200
    token = oidc.create_token(grantType=DEVICE, deviceCode=asked["deviceCode"], **proof)["accessToken"]
    (account,) = portal.list_accounts(accessToken=token)["accountList"]
    (role,) = portal.list_account_roles(accessToken=token, accountId=account["accountId"])["roleList"]
    given = portal.get_role_credentials(accessToken=token, **role)["roleCredentials"]
    keys = ("accessKeyId", "secretAccessKey", "sessionToken")
    words = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    me = client("sts", **{word: given[key] for word, key in zip(words, keys, strict=True)}).get_caller_identity()
    assert me["Arn"].endswith(f"/{mary.user.user_name}")
    assert names - {"127.0.0.1"} == {
        "oidc.us-east-1.amazonaws.com",
        "portal.sso.us-east-1.amazonaws.com",
        "sts.us-east-1.amazonaws.com",
    }


def test_pages_at_another_name_of_aws_lead_to_those_of_the_portal(mary: Person) -> None:
    browser = Browser(mary.site.server, origin=f"https://{SIGN_IN}", host=SIGN_IN)
    for path in ("/console/", "/authorize?client_id=a", "/device?user_code=ABCD-EFGH"):
        page = browser.get(path)
        assert (page.status, page.header("location")) == (307, f"https://{PORTAL}{path}")
    query = urlencode({"Action": "login", "SigninToken": "none", "Destination": "https://console.aws.amazon.com/"})
    assert browser.get(f"/federation?{query}").status == 307


def test_the_start_url_is_the_portal(mary: Person) -> None:
    stranger = mary.site.browser
    for path in ("/start", "/start/"):
        assert stranger.get(path).header("location") == "/console/sign-in/person?to=%2Fconsole%2F"
        assert mary.browser.get(path).header("location") == "/console/"
        elsewhere = Browser(mary.site.server, origin="https://s3.example", host="s3.example")
        assert elsewhere.get(path).status not in (200, 303), "it is what any other path is"
