"""What service providers send is read, or refused for a reason that is told."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from lxml import etree

from carnet.base.bounded_xml import BadXml
from carnet.saml.metadata import HTTP_POST
from carnet.saml.received_request import LONGEST_XML, read_posted, read_redirected
from tests.saml import idp
from tests.saml.idp import Signer, signed, signer

MORE = "http://www.w3.org/2001/04/xmldsig-more#"
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
ACS = "https://app.example.com/acs"


def request(
    attributes: str = "", *, own_id: str = "_request", version: str = "2.0", element: str = "AuthnRequest"
) -> str:
    return (
        f'<samlp:{element} xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{own_id}" Version="{version}"'
        f' IssueInstant="2026-01-02T03:04:05Z" AssertionConsumerServiceURL="{ACS}"{attributes}>'
        f"<saml:Issuer>urn:app</saml:Issuer></samlp:{element}>"
    )


def deflated(text: str) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(text.encode()) + packing.flush()


def address(packed: bytes) -> str:
    return f"SAMLRequest={quote_plus(base64.b64encode(packed))}&RelayState=here"


def signed_address(by: Signer, algorithm: str, text: str = "") -> str:
    query = f"{address(deflated(text or request()))}&SigAlg={quote_plus(algorithm)}"
    digest = DIGESTS[algorithm.rpartition("-")[2]]
    if isinstance(by.key, rsa.RSAPrivateKey):
        signature = by.key.sign(query.encode(), padding.PKCS1v15(), digest)
    else:
        signature = by.key.sign(query.encode(), ec.ECDSA(digest))
    return f"{query}&Signature={quote_plus(base64.b64encode(signature))}"


def posted(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class TestRedirected:
    def test_what_is_asked_for(self) -> None:
        told = ' ForceAuthn="true" IsPassive="1" Destination="https://carnet.example.com/"'
        read = read_redirected(address(deflated(request(told))), "")
        assert (read.id, read.issuer, read.acs_url) == ("_request", "urn:app", ACS)
        assert read.issued == idp.NOW
        assert (read.destination, read.force, read.passive) == ("https://carnet.example.com/", True, True)

    def test_what_is_not_said(self) -> None:
        read = read_redirected(address(deflated(request(' ForceAuthn="false" IsPassive="0"'))), "")
        assert (read.destination, read.force, read.passive) == ("", False, False)

    @pytest.mark.parametrize(
        ("kind", "algorithm"),
        [(kind, f"{MORE}{kind}-sha{bits}") for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)],
    )
    def test_signed(self, kind: str, algorithm: str) -> None:
        by = signer("rsa", bits=2048) if kind == "rsa" else signer()
        assert read_redirected(signed_address(by, algorithm), by.base64).id == "_request"

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda query: query.replace("RelayState=here", "RelayState=there"), "not signed by the service provider"),
            (lambda query: query.replace("&RelayState=here", ""), "not signed by the service provider"),
            (lambda query: query.partition("&Signature=")[0], "not signed by the service provider"),
            (lambda query: query.partition("&SigAlg=")[0], "is not signed, or by an algorithm"),
            (lambda query: query.partition("&Signature=")[0] + "&Signature=!", "not base64"),
            (lambda query: query.replace(quote_plus(MORE), ""), "is not signed, or by an algorithm"),
            (lambda query: query.replace("ecdsa-sha256", "ecdsa-sha1"), "is not signed, or by an algorithm"),
            (lambda query: query.replace("ecdsa-sha256", "rsa-sha256"), "a key of another kind"),
            (lambda query: query.replace("ecdsa-sha256", "-sha256"), "a key of another kind"),
            (lambda query: query + "&RelayState=there", "a parameter twice"),
            (lambda query: query + "&SAMLRequest=", "a parameter twice"),
            (lambda query: query + "&%53AMLRequest=other", "encodes the name"),
            (lambda query: query + "&SAML+Request=other", "encodes the name"),
        ],
    )
    def test_changed_on_the_way(self, change: Callable[[str], str], why: str) -> None:
        query = signed_address(signer(), f"{MORE}ecdsa-sha256")
        assert read_redirected(query, signer().base64).id == "_request"
        assert change(query) != query
        with pytest.raises(BadXml, match=why):
            read_redirected(change(query), signer().base64)

    def test_signed_by_sha_1(self) -> None:
        by = signer("rsa", bits=2048)
        for algorithm in ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", f"{MORE}rsa-sha1", f"{MORE}rsa-sha224"):
            with pytest.raises(BadXml, match="an algorithm that is not known here"):
                read_redirected(signed_address(by, algorithm), by.base64)

    def test_signed_by_somebody_else(self) -> None:
        for kind, by, own in (
            ("ecdsa", signer("mallory"), signer()),
            ("rsa", signer("rsa", bits=2048), signer("own", bits=2048)),
        ):
            with pytest.raises(BadXml, match="not signed by the service provider's certificate"):
                read_redirected(signed_address(by, f"{MORE}{kind}-sha256"), own.base64)

    def test_an_algorithm_of_another_kind_than_the_key(self) -> None:
        for by in (signer("rsa", bits=2048), signer()):
            with pytest.raises(BadXml, match="a key of another kind"):
                read_redirected(signed_address(by, f"{MORE}dsa-sha256"), by.base64)

    def test_the_certificate_has_a_key_of_another_kind(self) -> None:
        made = Signer(signer().key, idp.certificate(ed25519.Ed25519PrivateKey.generate().public_key(), signer().key))
        for kind, by in (("rsa", signer("rsa", bits=2048)), ("ecdsa", signer())):
            with pytest.raises(BadXml, match="a key of another kind"):
                read_redirected(signed_address(by, f"{MORE}{kind}-sha256"), made.base64)

    @pytest.mark.parametrize(
        ("query", "why"),
        [
            ("RelayState=here", "cut off"),
            ("SAMLRequest=%C3%A9", "not base64"),
            ("SAMLRequest=AAA", "not base64"),
            (address(b"\xff\xff"), "not deflated"),
            (address(deflated(request())[:-4]), "cut off"),
            (address(deflated(request()) + b"more"), "too long, or cut off"),
            (address(deflated("no XML")), "not well-formed"),
        ],
    )
    def test_what_is_none(self, query: str, why: str) -> None:
        with pytest.raises(BadXml, match=why):
            read_redirected(query, "")

    def test_the_longest(self) -> None:
        longest = request() + " " * (LONGEST_XML - len(request()))
        assert read_redirected(address(deflated(longest)), "").id == "_request"
        with pytest.raises(BadXml, match="too long"):
            read_redirected(address(deflated(longest + " ")), "")


class TestPosted:
    def test_signed_within(self) -> None:
        text = etree.tostring(signed(etree.fromstring(request()))).decode()
        assert read_posted(posted(text), signer().base64).issuer == "urn:app"
        for certificate, sent in ((signer("other").base64, text), (signer().base64, text.replace(ACS, "urn:x"))):
            with pytest.raises(BadXml, match="not signed by the service provider's certificate"):
                read_posted(posted(sent), certificate)

    def test_a_signature_that_nobody_asks_for(self) -> None:
        text = etree.tostring(signed(etree.fromstring(request()))).decode()
        assert read_posted(posted(text), "").id == "_request"

    def test_unsigned(self) -> None:
        assert read_posted(posted(request()), "").id == "_request"
        with pytest.raises(BadXml, match="not signed by the service provider's certificate"):
            read_posted(posted(request()), signer().base64)

    def test_base64_in_lines(self) -> None:
        text = posted(request())
        assert read_posted(f"{text[:64]}\r\n{text[64:]}", "").id == "_request"

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (request(element="LogoutRequest"), "no SAML 2.0 authentication request"),
            (request().replace("2.0:protocol", "1.1:protocol"), "no SAML 2.0 authentication request"),
            (request(version="1.1"), "no SAML 2.0 authentication request"),
            (request(own_id=""), "has no ID"),
            (request(own_id="x" * 257), "has no ID"),
            (request(' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"'), "another binding"),
            (request(' AssertionConsumerServiceIndex="0"'), "by an index"),
            (request().replace("2026-01-02T03:04:05Z", "now"), "is no time"),
            (request().replace(' IssueInstant="2026-01-02T03:04:05Z"', ""), "is no time"),
            (request().replace("<saml:Issuer>urn:app</saml:Issuer>", ""), "no Issuer"),
        ],
    )
    def test_what_is_not_taken(self, text: str, why: str) -> None:
        with pytest.raises(BadXml, match=why):
            read_posted(posted(text), "")

    def test_what_is(self) -> None:
        for own_id in ("x", "x" * 256):
            assert read_posted(posted(request(own_id=own_id)), "").id == own_id
        assert read_posted(posted(request(f' ProtocolBinding="{HTTP_POST}"')), "").id == "_request"
