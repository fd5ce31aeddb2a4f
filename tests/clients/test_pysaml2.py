"""SAML 2.0 with pysaml2 as the other side: as an application, and as the identity provider of people."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization

from carnet.entities.identity_center_instance import Instance
from tests.clients.saml_python import PYTHON, told_by
from tests.console.conftest import Site
from tests.console.test_application_sign_in import ACS, AUDIENCE, App, fields
from tests.console.test_people import instance
from tests.console.test_provider_sign_in import IDP, Provided, use, use_directory
from tests.console.test_sso_consent import Person
from tests.saml import idp
from tests.server.in_process import in_process_server

XMLSEC1 = shutil.which("xmlsec1")

assert callable(instance), "a fixture"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Its clock is that of this machine: the counterpart has no other one."""
    with in_process_server(tmp_path_factory.mktemp("site"), password_hash_kib=8) as server:
        yield Site(server, server.client("iam"))


@pytest.fixture(autouse=True, scope="module")
def there() -> None:
    found = PYTHON.exists() and subprocess.run([PYTHON, "-c", "import saml2"], capture_output=True, check=False)
    if not found or found.returncode:
        pytest.skip("pysaml2 is not there: make clients")
    if XMLSEC1 is None:
        pytest.skip("pysaml2 runs a program that is not installed (Debian: apt install xmlsec1)")


def counterpart(do: str, **given: Any) -> dict[str, Any]:
    by = idp.signer("pysaml2", bits=2048, days=20_000)
    keys = {
        "private": idp.pem(idp.rsa_key("pysaml2", 2048)),
        "certificate": by.certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "xmlsec1": XMLSEC1,
    }
    return told_by("pysaml2_counterpart.py", do, **keys, **given)


@pytest.mark.parametrize("signs", [False, True])
def test_an_application_asks_and_takes_the_answer(site: Site, instance: Instance, signs: bool) -> None:
    by = idp.signer("pysaml2", bits=2048, days=20_000)
    mary = Person(site, instance)
    app = App(mary, request_certificate=by.base64 if signs else "", attributes={"who": "${user:subject}"})
    metadata = [site.browser.get(f"/saml/metadata/{app.id}").text]
    given = {"entity_id": AUDIENCE, "acs": ACS, "metadata": metadata, "signs": signs}
    asked = counterpart("ask", relay_state="/page", **given)
    url = urlsplit(asked["url"])
    assert (url.path, "Signature=" in url.query) == (app.path, signs)
    response = fields(app.redirected(url.query))["SAMLResponse"]
    who = mary.user.user_name
    assert counterpart("take", response=response, id=asked["id"], **given) == {
        "name": who,
        "attributes": {"who": [who]},
    }
    assert "refused" in counterpart("take", response=response, id="_another", **given), "it answers that question"
    changed = base64.b64encode(base64.b64decode(response).replace(who.encode(), b"Mallory")).decode()
    assert "refused" in counterpart("take", response=changed, id=asked["id"], **given)


def test_a_provider_vouches_for_a_person(site: Site, instance: Instance) -> None:
    told: dict[str, Any] = {
        "entity_id": "https://idp.example.com/pysaml2",
        "sso": IDP.partition("?")[0],
        "metadata": [],
    }
    use(site, counterpart("describe", **told)["metadata"])
    try:
        provided = Provided(site, instance)
        told["metadata"] = [provided.browser.get(urlsplit(provided.entity_id).path).text]
        for signs in (False, True):
            page = provided.browser.step("identity-provider", account=instance.identity_store, to="/console/security")
            asked = {name: value for name, (value,) in parse_qs(urlsplit(page.told["to"]).query).items()}
            given = {"request": asked["SAMLRequest"], "name": provided.person.user_name.upper(), "signs": signs}
            answered = counterpart("answer", **given, **told)
            assert answered["destination"] == provided.acs
            posted = base64.b64encode(answered["response"].encode()).decode()
            taken = provided.post(posted, asked["RelayState"])
            assert (taken.status, provided.browser.is_signed_in()) == ((200, True) if signs else (403, False))
        assert dict(provided.session().attributes) == {"team": "blue"}
    finally:
        use_directory(site)
