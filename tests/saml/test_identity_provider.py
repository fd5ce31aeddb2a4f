"""What is written as an identity provider and as a service provider has the shape that SAML asks for."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from carnet.saml.authn_request import AuthnRequest
from carnet.saml.identity_provider import Said, signed_response
from carnet.saml.received_request import read_posted
from carnet.saml.signing import SigningPair
from tests.saml import idp
from tests.saml.idp import NOW, assertion_in, signer

ACS = "https://app.example.com/acs"
SAID = Said(
    response_id="_response",
    assertion_id="_assertion",
    session_index="_session",
    issuer=idp.ISSUER,
    audience=idp.AUDIENCE,
    acs_url=ACS,
    in_response_to="_request",
    subject="alice",
    subject_format=idp.PERSISTENT,
    attributes={"mail": ("a@example.com", "b@example.com")},
    authenticated=NOW - timedelta(minutes=10),
    session_end=NOW + timedelta(hours=8),
    now=NOW,
)


@pytest.fixture(scope="module")
def pair() -> SigningPair:
    by = signer("rsa", bits=2048)
    der = by.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningPair(private=der, certificate=by.base64)


def response(said: Said, pair: SigningPair) -> etree._Element:
    return etree.fromstring(base64.b64decode(signed_response(said, pair)))


def names(element: etree._Element) -> list[str]:
    return [etree.QName(child).localname for child in element]


def test_a_response(pair: SigningPair) -> None:
    made = response(SAID, pair)
    assert names(made) == ["Issuer", "Status", "Assertion"]
    assert (made.get("Destination"), made.get("InResponseTo")) == (ACS, "_request")
    assertion = assertion_in(made)
    assert names(assertion) == [
        "Issuer", "Signature", "Subject", "Conditions", "AuthnStatement", "AttributeStatement"
    ]  # fmt: skip
    data = assertion.find(".//{*}SubjectConfirmationData")
    assert data is not None
    assert (data.get("InResponseTo"), data.get("Recipient")) == ("_request", ACS)
    conditions = assertion.find("{*}Conditions")
    assert conditions is not None
    assert (conditions.get("NotBefore"), conditions.get("NotOnOrAfter")) == (
        "2026-01-02T03:03:05Z",
        "2026-01-02T03:09:05Z",
    )


def test_nothing_was_asked_for_and_nothing_is_told(pair: SigningPair) -> None:
    made = response(replace(SAID, in_response_to=None, attributes={}), pair)
    assert "InResponseTo" not in etree.tostring(made).decode()
    assert names(assertion_in(made))[-1] == "AuthnStatement"


def test_a_request_is_signed_where_the_schema_has_it(pair: SigningPair) -> None:
    asked = AuthnRequest(
        id="_request", issued=NOW, issuer="urn:app", acs_url=ACS, destination="https://idp.example.com"
    )
    text = asked.posted(pair)
    assert names(etree.fromstring(base64.b64decode(text))) == ["Issuer", "Signature"]
    assert read_posted(text, pair.certificate).id == "_request"
    assert names(etree.fromstring(base64.b64decode(asked.posted()))) == ["Issuer"]
