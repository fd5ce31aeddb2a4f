"""What anybody may post as the request of an application: so much, of one form, before a signature is verified."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from lxml import etree

from carnet.base.bounded_xml import MOST_ATTRIBUTES
from carnet.console.application_sign_in import _LONGEST_BODY
from carnet.saml import signature
from carnet.saml.xml import SIGNATURE
from tests.console.browsing import Browser, Page
from tests.console.test_application_sign_in import App, mary
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person
from tests.saml import idp

assert callable(instance), "a fixture"
assert callable(mary), "a fixture"

REFERENCE = "<ds:Reference URI"
NAMESPACES = " ".join(f'xmlns:n{each}="urn:n"' for each in range(MOST_ATTRIBUTES + 1))


def post(app: App, request: str, more: int | None = None) -> Page:
    """The answer to a request that was posted; in a body that is so much longer than may be, if `more` is given."""
    body = urlencode({"SAMLRequest": base64.b64encode(request.encode()).decode(), "padding": ""}).encode()
    body += b"x" * (0 if more is None else _LONGEST_BODY - len(body) + more)
    stranger = Browser(app.site.server)
    return stranger.ask("POST", app.path, body, origin="https://app.example", sec_fetch_site="cross-site")


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 400)])
def test_a_posted_request_is_so_long(mary: Person, more: int, status: int) -> None:
    app = App(mary)
    assert post(app, app.request(), more).status == status


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the documents were whose signatures were verified."""
    lengths: list[int] = []
    verify = signature._signed_bytes

    def watched(document: bytes, certificate: Any) -> bytes | None:
        lengths.append(len(document))
        return verify(document, certificate)

    monkeypatch.setattr(signature, "_signed_bytes", watched)
    return lengths


@pytest.mark.parametrize(
    ("found", "instead", "verifications"),
    [
        ("</samlp:AuthnRequest>", "<a/></samlp:AuthnRequest>", 1),
        (REFERENCE, f"{REFERENCE}='#other'/>" * 500 + REFERENCE, 0),
        (
            "</ds:Transforms>",
            '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#base64"/>' * 500 + "</ds:Transforms>",
            0,
        ),
        ("xmldsig#enveloped-signature", "REC-xpath-19991116", 0),
        ("</ds:SignedInfo>", "</ds:SignedInfo><ds:Object/>", 0),
        ("<ds:Signature ", f'<ds:Signature xmlns:ds="{SIGNATURE}"/><ds:Signature ', 0),
        ("</samlp:AuthnRequest>", f"<a {NAMESPACES}/></samlp:AuthnRequest>", 0),
        ("</samlp:AuthnRequest>", "<a>" * 300 + "</a>" * 300 + "</samlp:AuthnRequest>", 0),
        ('ID="_request"', 'ID=""', 0),
        ("<samlp:", "<!DOCTYPE a><samlp:", 0),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_nobody_has_signed(
    mary: Person, verified: list[int], found: str, instead: str, verifications: int
) -> None:
    by = idp.signer("app", bits=2048)
    app = App(mary, request_certificate=by.base64)
    request = etree.tostring(idp.signed(etree.fromstring(app.request()), by)).decode()
    assert found in request
    page = post(app, request.replace(found, instead, 1))
    assert (page.status, "SAMLResponse" in page.text) == (400, False)
    assert "asked=" not in page.text
    assert len(verified) == verifications
    assert post(app, request).status == 200
