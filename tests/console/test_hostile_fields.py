"""What strangers send to sign in: fields that are long, nested or no text are refused, and cost little."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from carnet.entities.identity_center_instance import Instance
from tests.attacks.hostile import NASTY
from tests.bearer.proofs import Prover
from tests.console.browsing import ORIGIN, Page
from tests.console.conftest import Site
from tests.console.test_people import instance
from tests.console.test_provider_sign_in import IDP, use, use_directory
from tests.saml import idp

assert callable(instance), "a fixture"

SECONDS = 20.0
"""Far more than one of these takes, and less than one whose cost grows faster than its length."""
LONG = ("a" * 900_000, "[" * 400_000, "9" * 300_000, "é" * 200_000, "\r\nset-cookie: a=b")
FORM = {"content_type": "application/x-www-form-urlencoded"}
QUERIES = (
    "a=" + "b" * 60_000,
    "&".join(f"a{each}=" for each in range(20_000))[:60_000],
    "&" * 60_000,
    "response_type=code" + "&response_type=code" * 3_000,
    "scopes=%ff%fe&state=%00%0d%0a&client_id=%ED%A0%80",
    "client_id=" + quote("é" * 5_000),
)
JSON_FIELDS = {
    "/client/register": ("clientName", "clientType", "issuerUrl"),
    "/device_authorization": ("clientId", "clientSecret", "startUrl"),
    "/token": (
        "clientId",
        "clientSecret",
        "grantType",
        "deviceCode",
        "code",
        "refreshToken",
        "redirectUri",
        "codeVerifier",
    ),
    "/v1/token": ("clientId", "grantType", "code", "refreshToken", "redirectUri", "codeVerifier"),
}
LISTS = {"/client/register": ("scopes", "redirectUris", "grantTypes"), "/token": ("scope",)}

VALUES: tuple[object, ...] = (10**400, -1, 1.5, True, [], {}, [[]] * 50_000, {"a": {"b": []}})
LIST_VALUES: tuple[object, ...] = (["x"] * 100_000, ["x" * 500_000], [[]] * 1000, "x", [None])


@pytest.fixture(scope="module")
def store(site: Site, instance: Instance) -> Iterator[str]:
    use(site, idp.metadata(redirect=IDP))
    yield instance.identity_store
    use_directory(site)


@pytest.fixture(autouse=True)
def nobody_is_asked_to_wait(site: Site) -> None:
    """What is refused counts against the network: that is tested elsewhere."""
    site.later(3600)


def check(site: Site, began: float, page: Page) -> None:
    assert 400 <= page.status < 500, (page.status, page.text[:200])
    assert len(page.body) < 10_000, "what was sent does not come back"
    assert "set-cookie" not in dict(page.headers)
    assert time.monotonic() - began < SECONDS


def asked(site: Site, method: str, path: str, body: bytes = b"", **headers: str) -> None:
    began = time.monotonic()
    check(site, began, site.browser.ask(method, path, body, **headers))


def texts() -> list[str]:
    return [*NASTY, *LONG]


@pytest.mark.parametrize("path", JSON_FIELDS)
def test_fields_of_tokens(site: Site, path: str) -> None:
    good = dict.fromkeys(JSON_FIELDS[path], "x")
    for name in good:
        for text in texts():
            if text.strip() == "" and (path, name) == ("/client/register", "clientName"):
                continue
            asked(site, "POST", path, json.dumps(good | {name: text}).encode())
        for value in VALUES:
            asked(site, "POST", path, json.dumps(good | {name: value}).encode())
    for name in LISTS.get(path, ()):
        for value in LIST_VALUES:
            asked(site, "POST", path, json.dumps(good | {name: value}).encode())


@pytest.mark.parametrize("path", [*JSON_FIELDS, "/v1/introspect", "/v1/revoke"])
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 500_000,
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"grantType":"a","grantType":"b"}',
        b'{"code":"\\ud800"}',
        b"null",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_is_no_body(site: Site, path: str, body: bytes) -> None:
    asked(site, "POST", path, body)


@pytest.mark.parametrize("path", ["/authorize", "/device", "/v1/authorize", "/v1/sessions/confirmation", "/federation"])
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:16])
def test_queries(site: Site, path: str, query: str) -> None:
    """Of who has signed in, and of who has not."""
    began, browser = time.monotonic(), site.browser
    for signed_in in (False, True):
        if signed_in:
            site.sign_in(browser, site.user())
        page = browser.get(f"{path}?{query}")
        assert page.status < 500, page.text[:200]
        assert len(page.header("location") or "") < 10_000
        assert len(page.body) < 10_000
    assert time.monotonic() - began < SECONDS


@pytest.mark.parametrize(
    "fields", [{}, {"SAMLResponse": ""}, *({"SAMLResponse": "", "RelayState": each} for each in LONG)], ids=str
)
def test_what_is_posted_as_an_answer_of_a_provider(site: Site, store: str, fields: dict[str, str]) -> None:
    xml = b"<a>" * 20_000
    for response in (*texts(), base64.b64encode(xml).decode(), base64.b64encode(b"\x00" * 30_000).decode()):
        began = time.monotonic()
        given = {name: value or response for name, value in fields.items()}
        page = site.browser.ask(
            "POST", f"/saml/acs/{store}", urlencode(given).encode(), **FORM, origin="https://idp.example"
        )
        assert page.status < 500, page.text[:200]
        assert "set-cookie" not in dict(page.headers)
        assert time.monotonic() - began < SECONDS
        step = {"step": "assertion", "response": response, "relayState": given.get("RelayState", "")}
        asked(site, "POST", "/console/session", json.dumps(step).encode())


@pytest.mark.parametrize("text", texts(), ids=lambda text: repr(text[:12]))
def test_sessions_of_console_urls(site: Site, text: str) -> None:
    for session in (text, json.dumps({"sessionId": text, "sessionKey": text, "sessionToken": text})):
        given = {"Action": "getSigninToken", "Session": session, "SessionDuration": text}
        asked(site, "POST", "/federation", urlencode(given).encode(), **FORM)
    given = {"Action": "login", "SigninToken": text, "Destination": "/console/", "Issuer": text}
    asked(site, "POST", "/federation", urlencode(given).encode(), **FORM)


@pytest.mark.parametrize("iat", [10**400, -(10**400), 2**63, 0, -1, 1.5, "1", True, [], 10**18])
def test_the_time_of_a_proof(site: Site, iat: object) -> None:
    proof = Prover().proof(f"{ORIGIN}/v1/token", site.server.clock(), claims={"iat": iat})
    asked(site, "POST", "/v1/token", b'{"clientId":"x","grantType":"refresh_token","refreshToken":"x"}', dpop=proof)


@pytest.mark.parametrize(
    "htu", ["http://[", "http://localhost:99999/v1/token", "http://localhost:x/v1/token", "\x00", "http://\u2100/", 1]
)
def test_the_address_of_a_proof(site: Site, htu: object) -> None:
    proof = Prover().proof("", site.server.clock(), claims={"htu": htu})
    asked(site, "POST", "/v1/token", b'{"clientId":"x","grantType":"refresh_token","refreshToken":"x"}', dpop=proof)


@pytest.mark.parametrize(
    "token", ["a" * 60_000, "\x7f", "é", "carnet_bs_" + "0" * 64, ".", "AQ==." * 5_000], ids=lambda each: each[:8]
)
def test_tokens_of_the_portal(site: Site, token: str) -> None:
    for method, path in (
        ("GET", "/assignment/accounts"),
        ("GET", "/assignment/roles?account_id=" + "1" * 5_000),
        ("GET", "/federation/credentials?account_id=111122223333&role_name=" + "x" * 5_000),
        ("POST", "/logout"),
    ):
        asked(site, method, path, x_amz_sso_bearer_token=token)


@pytest.mark.parametrize(
    "token", ["a" * 60_000, "Bearer", "Bearer ", "Bearer é", "Bearer a b", "Basic Og=="], ids=lambda each: each[:10]
)
def test_tokens_of_provisioners(site: Site, instance: Instance, token: str) -> None:
    for path in (
        "v2/Users",
        "rfc/v2/Groups?filter=" + quote("(" * 5_000),
        f"v2/Users/{'x' * 5_000}",
        "v2/" + "a/" * 5_000,
    ):
        asked(site, "GET", f"/{instance.identity_store}/scim/{path}", authorization=token)
