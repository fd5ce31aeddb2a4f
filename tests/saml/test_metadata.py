from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from carnet.base.bounded_xml import BadXml
from carnet.saml.metadata import MOST_CERTIFICATES, MOST_PROVIDERS, parse_metadata
from tests.saml import idp


def many(count: int) -> str:
    entities = (idp.metadata(issuer=f"urn:idp:{number}").partition("\n")[2] for number in range(count))
    return f'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{"".join(entities)}</EntitiesDescriptor>'


def test_the_issuer_and_its_certificates() -> None:
    old, new = idp.signer("old"), idp.signer("new")
    read = parse_metadata(idp.metadata(old, new, valid_until="2030-01-01T00:00:00Z"))
    assert read.certificates == {idp.ISSUER: (old.base64, new.base64)}
    assert read.valid_until == datetime(2030, 1, 1, tzinfo=UTC)


def test_a_key_without_a_use_is_for_signing_and_one_for_encryption_is_not() -> None:
    assert parse_metadata(idp.metadata(use=None)).certificates
    with pytest.raises(BadXml, match="0 signing certificates"):
        parse_metadata(idp.metadata(use="encryption"))


def test_the_earliest_end_counts() -> None:
    text = idp.metadata(valid_until="2030-01-01T00:00:00Z").replace(
        "<md:IDPSSODescriptor", '<md:IDPSSODescriptor validUntil="2029-01-01T00:00:00Z"'
    )
    assert parse_metadata(text).valid_until == datetime(2029, 1, 1, tzinfo=UTC)
    assert parse_metadata(text.replace("2029", "2031")).valid_until == datetime(2030, 1, 1, tzinfo=UTC)


def test_the_end_of_one_of_several_counts() -> None:
    text = many(2).replace('entityID="urn:idp:1"', 'entityID="urn:idp:1" validUntil="2028-01-01T00:00:00Z"')
    assert parse_metadata(text).valid_until == datetime(2028, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", ["x", "x" * 1024])
def test_the_shortest_and_the_longest_name(name: str) -> None:
    assert list(parse_metadata(idp.metadata(issuer=name)).certificates) == [name]


def test_a_name_that_is_there_twice() -> None:
    with pytest.raises(BadXml, match="there twice"):
        parse_metadata(many(2).replace("urn:idp:1", "urn:idp:0"))


def test_where_people_are_sent() -> None:
    """HTTP-Redirect goes before HTTP-POST."""
    redirected, posted = "https://idp.example.com/redirect", "https://idp.example.com/post"
    for given, url, by_post in (
        ({"redirect": redirected, "post": posted}, redirected, False),
        ({"redirect": redirected, "post": None}, redirected, False),
        ({"redirect": None, "post": posted}, posted, True),
    ):
        read = parse_metadata(idp.metadata(**given))
        assert read.sign_in_urls == {idp.ISSUER: url}
        assert read.posted_to == ({idp.ISSUER} if by_post else set())
    assert parse_metadata(idp.metadata(post=None)).sign_in_urls == {}
    assert parse_metadata(idp.metadata(post=None)).posted_to == set()


@pytest.mark.parametrize(("said", "asks"), [("true", True), ("1", True), ("false", False), ("", False)])
def test_who_takes_signed_requests_alone(said: str, asks: bool) -> None:
    read = parse_metadata(idp.metadata(wants_signed=said))
    assert read.asks_for_signed_requests == ({idp.ISSUER} if asks else set())


def test_a_document_of_several_providers() -> None:
    assert list(parse_metadata(many(2)).certificates) == ["urn:idp:0", "urn:idp:1"]
    assert len(parse_metadata(many(MOST_PROVIDERS)).certificates) == MOST_PROVIDERS
    with pytest.raises(BadXml, match="21 identity providers"):
        parse_metadata(many(MOST_PROVIDERS + 1))


def test_as_many_certificates_as_may_be() -> None:
    signers = [idp.signer(f"s{number}") for number in range(MOST_CERTIFICATES + 1)]
    parse_metadata(idp.metadata(*signers[:MOST_CERTIFICATES]))
    with pytest.raises(BadXml, match="11 signing certificates"):
        parse_metadata(idp.metadata(*signers))


def test_the_time_of_a_certificate_does_not_count() -> None:
    parse_metadata(idp.metadata(idp.signer("short", days=1)))


def test_small_keys_are_refused_as_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    text = idp.metadata(idp.signer("least", bits=1024))
    parse_metadata(text)
    monkeypatch.setattr("carnet.saml.metadata._LEAST_RSA_BITS", 1025)  # no library makes a key of fewer than 1024
    with pytest.raises(BadXml, match="has 1024 bits"):
        parse_metadata(text)


def test_a_key_of_another_kind() -> None:
    by = idp.signer().key
    made = idp.certificate(ed25519.Ed25519PrivateKey.generate().public_key(), by)
    with pytest.raises(BadXml, match="neither RSA nor of an elliptic curve"):
        parse_metadata(idp.metadata(idp.Signer(by, made)))


def test_a_key_that_nobody_knows() -> None:
    """The object identifier of keys of elliptic curves becomes one that is not given."""
    der = base64.b64decode(idp.signer().base64)
    known = bytes.fromhex("06072a8648ce3d0201")
    assert known in der
    unknown = base64.b64encode(der.replace(known, known[:-1] + b"\x7f")).decode()
    with pytest.raises(BadXml, match="holds no key that is known here"):
        parse_metadata(idp.metadata().replace(idp.signer().base64, unknown))


@pytest.mark.parametrize(
    ("was", "becomes", "why"),
    [
        ("entityID", "entityId", "entityID is missing"),
        (idp.ISSUER, "", "entityID is missing"),
        (idp.ISSUER, "x" * 1025, "too long"),
        ("IDPSSODescriptor", "SPSSODescriptor", "0 identity providers"),
        ("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol", "0 identity providers"),
        ("EntityDescriptor", "Entity", "no SAML metadata"),
        ("<ds:X509Certificate>\nMII", "<ds:X509Certificate>\nMI!", "cannot be read"),
        ("<ds:X509Certificate>\nMII", "<ds:X509Certificate>\nAAA", "cannot be read"),
        ("<ds:X509Certificate>\nMII", "<ds:X509Certificate>\nMI<!-- -->I", "more than text"),
        ("<?xml", "\ufeff<?xml", "byte order mark"),
        ("\n<md:Entity", "\n<!DOCTYPE x>\n<md:Entity", "document type"),
        ("entityID=", 'validUntil="soon" entityID=', "is no time"),
    ],
)
def test_what_is_no_metadata(was: str, becomes: str, why: str) -> None:
    text = idp.metadata()
    assert was in text
    with pytest.raises(BadXml, match=why):
        parse_metadata(text.replace(was, becomes))


def test_a_lone_surrogate_is_no_utf_8() -> None:
    with pytest.raises(BadXml, match="not UTF-8"):
        parse_metadata(idp.metadata(issuer="\ud800"))
