"""Signed responses are taken, and forged ones are not: wrapped, altered, signed by others or by other means."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod

from carnet.base.faults import Refused
from carnet.saml import refusals
from carnet.saml.assertion import Assertion, accepted
from carnet.saml.response import Trusted, signed_assertion
from tests.saml import idp
from tests.saml.idp import Answer, assertion_in, encoded, signed, signer, with_signed_assertion, with_signed_response

ALICE = Answer()
EVIL = "mallory-as-admin"
TRUSTED = Trusted(certificates={idp.ISSUER: (signer().base64,)}, destinations={idp.RECIPIENT})


def read(response: etree._Element | str, trusted: Trusted = TRUSTED) -> Assertion:
    text = response if isinstance(response, str) else encoded(response)
    return accepted(signed_assertion(text, trusted), idp.NOW, recipients={idp.RECIPIENT}, audiences={idp.AUDIENCE})


def refusal(response: etree._Element | str, trusted: Trusted = TRUSTED) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        read(response, trusted)
    return refused.value.code, refused.value.message


SIGNATURE_INVALID = ("InvalidIdentityToken", refusals.SIGNATURE_INVALID)


class TestTaken:
    @pytest.mark.parametrize(
        "make",
        [with_signed_assertion, with_signed_response, lambda answer: signed(with_signed_assertion(answer))],
        ids=["assertion", "response", "both"],
    )
    def test_either_or_both_may_be_signed(self, make: Callable[[Answer], etree._Element]) -> None:
        assert read(make(ALICE)).subject == "alice"

    def test_each_certificate_of_the_metadata_will_do(self) -> None:
        certificates = {idp.ISSUER: (signer("old").base64, signer("new").base64)}
        trusted = Trusted(certificates=certificates, destinations={idp.RECIPIENT})
        for name in ("old", "new"):
            assert read(with_signed_assertion(ALICE, signer(name)), trusted).subject == "alice"

    def test_also_one_that_is_expired(self) -> None:
        old = signer("expired", days=1)
        trusted = Trusted(certificates={idp.ISSUER: (old.base64,)}, destinations={idp.RECIPIENT})
        assert read(with_signed_assertion(ALICE, old), trusted).subject == "alice"

    @pytest.mark.parametrize("algorithm", ["rsa-sha256", "rsa-sha384", "rsa-sha512"])
    def test_rsa(self, algorithm: str) -> None:
        by = signer("rsa", bits=2048)
        trusted = Trusted(certificates={idp.ISSUER: (by.base64,)}, destinations={idp.RECIPIENT})
        assert read(with_signed_assertion(ALICE, by, signature_algorithm=algorithm), trusted).subject == "alice"

    def test_base64_in_lines(self) -> None:
        text = encoded(with_signed_assertion(ALICE))
        assert read("\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))).subject == "alice"

    def test_a_response_may_leave_its_issuer_and_destination_out(self) -> None:
        for make in (with_signed_assertion, with_signed_response):
            assert read(make(ALICE.but(response_issuer=None, destination=None))).subject == "alice"


def _moved(response: etree._Element, element: etree._Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _evil(assertion: etree._Element, *, own_id: str | None = "_evil") -> etree._Element:
    """A copy of an assertion without its signature, of somebody else."""
    forged = copy.deepcopy(assertion)
    for signature in forged.findall("{*}Signature"):
        forged.remove(signature)
    name = forged.find(".//{*}NameID")
    assert name is not None
    name.text = EVIL
    if own_id is not None:
        forged.set("ID", own_id)
    return forged


def _signature(element: etree._Element) -> etree._Element:
    found = element.find("{*}Signature")
    assert found is not None
    return found


def _object(signature: etree._Element, inside: etree._Element) -> None:
    etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").append(inside)


def wrapped() -> Iterator[tuple[str, etree._Element]]:
    """XSW1 to XSW8 of "On Breaking SAML: Be Whoever You Want to Be"."""
    for number in (1, 2):
        response = with_signed_response(ALICE)
        original, signature = copy.deepcopy(response), _signature(response)
        original.remove(_signature(original))
        response.set("ID", "_evil_response")
        plain = assertion_in(response)
        response.replace(plain, _evil(plain))
        if number == 1:
            _object(signature, original)
        else:
            signature.addprevious(original)
        yield f"XSW{number}", response
    for number in (3, 4):
        response = with_signed_assertion(ALICE)
        genuine = assertion_in(response)
        evil = _evil(genuine)
        if number == 3:
            genuine.addprevious(evil)
        else:
            response.replace(genuine, evil)
            evil.append(genuine)
        yield f"XSW{number}", response
    for number in (5, 6):
        response = with_signed_assertion(ALICE)
        genuine = assertion_in(response)
        signature = _signature(genuine)
        evil = _evil(genuine)
        genuine.remove(signature)
        evil.insert(1, signature)
        response.replace(genuine, evil)
        if number == 5:
            response.append(genuine)
        else:
            _object(signature, genuine)
        yield f"XSW{number}", response
    response = with_signed_assertion(ALICE)
    genuine = assertion_in(response)
    extensions = etree.Element("{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
    genuine.addprevious(extensions)
    extensions.append(_evil(genuine, own_id=None))
    yield "XSW7", response
    response = with_signed_assertion(ALICE)
    genuine = assertion_in(response)
    signature = _signature(genuine)
    evil = _evil(genuine, own_id=None)
    genuine.remove(signature)
    evil.insert(1, signature)
    response.replace(genuine, evil)
    _object(signature, genuine)
    yield "XSW8", response


@pytest.mark.parametrize(
    ("name", "response"), list(wrapped()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_wrapped_signatures_are_refused(name: str, response: etree._Element) -> None:
    assert EVIL in etree.tostring(response).decode()
    assert refusal(response)[0] == "InvalidIdentityToken"


class TestForged:
    def test_unsigned(self) -> None:
        assert refusal(ALICE.response()) == SIGNATURE_INVALID

    @pytest.mark.parametrize("make", [with_signed_assertion, with_signed_response])
    def test_altered(self, make: Callable[[Answer], etree._Element]) -> None:
        text = etree.tostring(make(ALICE)).decode()
        assert refusal(encoded(text.replace(">alice<", ">admin<"))) == SIGNATURE_INVALID

    @pytest.mark.parametrize("make", [with_signed_assertion, with_signed_response])
    def test_signed_by_somebody_else(self, make: Callable[[Answer, idp.Signer], etree._Element]) -> None:
        assert refusal(make(ALICE, signer("mallory"))) == SIGNATURE_INVALID

    def test_a_good_assertion_in_a_response_that_somebody_else_signed(self) -> None:
        assert refusal(signed(with_signed_assertion(ALICE), signer("mallory"))) == SIGNATURE_INVALID

    def test_a_comment_in_the_name_does_not_shorten_it(self) -> None:
        """What was signed is the whole name, which the comment does not belong to."""
        text = etree.tostring(with_signed_assertion(ALICE.but(name="admin@example.com.evil.com"))).decode()
        assert read(encoded(text.replace("com.evil", "com<!-- -->.evil"))).subject == "admin@example.com.evil.com"

    def test_a_signed_comment_in_the_name_is_refused(self) -> None:
        response = ALICE.response()
        name = response.find(".//{*}NameID")
        assert name is not None
        name.append(etree.Comment(" "))
        plain = assertion_in(response)
        with_comments = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS
        response.replace(plain, signed(plain, c14n_algorithm=with_comments))
        assert "more than text" in refusal(response)[1]

    def test_the_same_id_twice(self) -> None:
        response = with_signed_assertion(ALICE)
        etree.SubElement(response, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").set("Id", ALICE.id)
        assert "an ID is there twice" in refusal(response)[1]

    def test_two_assertions(self) -> None:
        response = with_signed_assertion(ALICE)
        response.append(signed(assertion_in(ALICE.but(id="_second").response())))
        assert "exactly one assertion" in refusal(response)[1]

    def test_no_assertion(self) -> None:
        response = ALICE.response()
        response.remove(assertion_in(response))
        assert "exactly one assertion" in refusal(signed(response))[1]

    def test_an_assertion_that_is_not_where_it_belongs(self) -> None:
        response = ALICE.response()
        assertion = assertion_in(response)
        etree.SubElement(response, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").append(assertion)
        assert "the assertion is not where it belongs" in refusal(signed(response))[1]

    def test_two_signatures_of_one_element(self) -> None:
        response = with_signed_assertion(ALICE)
        genuine = assertion_in(response)
        genuine.insert(1, copy.deepcopy(_signature(genuine)))
        assert "2 elements Signature" in refusal(response)[1]

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ("2001/04/xmldsig-more#ecdsa-sha256", "2000/09/xmldsig#hmac-sha1"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#hmac-sha256"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#ecdsa-sha1"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "2001/04/xmldsig-more#rsa-sha256"),
            ("2001/04/xmldsig-more#ecdsa-sha256", "unknown"),
            ("2001/04/xmlenc#sha256", "2000/09/xmldsig#sha1"),
            ('URI="#_assertion"', 'URI=""'),
            ('URI="#_assertion"', 'URI="#_response_assertion"'),
            ('URI="#_assertion"', 'URI="http://192.0.2.1/"'),
            ('URI="#_assertion"', 'URI="#xpointer(/)"'),
            ("2000/09/xmldsig#enveloped-signature", "TR/1999/REC-xslt-19991116"),
            ("2000/09/xmldsig#enveloped-signature", "TR/1999/REC-xpath-19991116"),
        ],
    )
    def test_other_means(self, was: str, becomes: str) -> None:
        text = etree.tostring(with_signed_assertion(ALICE)).decode()
        assert was in text
        assert refusal(encoded(text.replace(was, becomes, 1))) == SIGNATURE_INVALID

    @pytest.mark.parametrize("algorithm", ["rsa-sha224"])
    def test_algorithms_that_are_not_listed(self, algorithm: str) -> None:
        by = signer("rsa", bits=2048)
        trusted = Trusted(certificates={idp.ISSUER: (by.base64,)}, destinations={idp.RECIPIENT})
        response = with_signed_assertion(ALICE, by, signature_algorithm=algorithm)
        assert refusal(response, trusted) == SIGNATURE_INVALID

    def test_a_key_that_the_signature_brings_along_does_not_count(self) -> None:
        """KeyInfo names mallory's certificate, which fits; and the true one, which does not."""
        response = with_signed_assertion(ALICE, signer("mallory"))
        assert refusal(response) == SIGNATURE_INVALID
        for certificate in response.iter("{*}X509Certificate"):
            certificate.text = signer().base64
        assert refusal(response) == SIGNATURE_INVALID

    def test_a_signature_elsewhere(self) -> None:
        response = with_signed_assertion(ALICE)
        extensions = etree.SubElement(response, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions")
        extensions.append(copy.deepcopy(_signature(assertion_in(response))))
        assert "neither its own nor its assertion's" in refusal(response)[1]

    @pytest.mark.parametrize("value", ["", "!!!!", "AAAA"])
    def test_a_signature_value_that_is_none(self, value: str) -> None:
        response = with_signed_assertion(ALICE)
        for element in response.iter("{*}SignatureValue"):
            element.text = value
        assert refusal(response) == SIGNATURE_INVALID


class TestRefused:
    @pytest.mark.parametrize("text", ["====", "ab", "PHg+Cg=", "été"])
    def test_no_base64(self, text: str) -> None:
        assert refusal(text) == ("InvalidIdentityToken", "Invalid base64 SAMLResponse")

    @pytest.mark.parametrize(
        "document", ["<a/>", "no XML", "<!DOCTYPE a><a/>", Answer().xml().replace('"2.0"', '"1.1"')]
    )
    def test_no_response(self, document: str) -> None:
        code, message = refusal(encoded(document))
        assert code == "InvalidIdentityToken"
        assert message.startswith("The SAML response is not valid: ")

    def test_an_assertion_without_a_response(self) -> None:
        assert "no SAML 2.0 response" in refusal(signed(assertion_in(ALICE.response())))[1]

    @pytest.mark.parametrize("make", [with_signed_assertion, with_signed_response])
    def test_another_issuer(self, make: Callable[[Answer], etree._Element]) -> None:
        response = make(ALICE.but(issuer="https://other.example.com"))
        assert refusal(response) == ("InvalidIdentityToken", "Issuer not present in specified provider")

    def test_an_issuer_of_the_same_provider_does_not_sign_for_another(self) -> None:
        certificates = {idp.ISSUER: (signer().base64,), "urn:other": (signer("other").base64,)}
        trusted = Trusted(certificates=certificates, destinations={idp.RECIPIENT})
        assert refusal(with_signed_assertion(ALICE, signer("other")), trusted) == SIGNATURE_INVALID
        mixed = with_signed_response(ALICE.but(response_issuer="urn:other"), signer("other"))
        assert refusal(mixed, trusted)[0] == "InvalidIdentityToken"

    def test_a_response_and_its_assertion_may_be_of_two_issuers(self) -> None:
        certificates = {idp.ISSUER: (signer().base64,), "urn:other": (signer("other").base64,)}
        trusted = Trusted(certificates=certificates, destinations={idp.RECIPIENT})
        response = signed(with_signed_assertion(ALICE.but(response_issuer="urn:other")), signer("other"))
        assert read(response, trusted).subject == "alice"

    def test_no_status(self) -> None:
        for name in ("Status", "StatusCode"):
            text = ALICE.xml().replace(f"<samlp:{name}", "<samlp:Other").replace(f"</samlp:{name}>", "</samlp:Other>")
            code, message = refusal(signed(etree.fromstring(text.encode())))
            assert code == "IDPRejectedClaim"
            assert "it gives no status" in message

    def test_no_success(self) -> None:
        status = "urn:oasis:names:tc:SAML:2.0:status:Responder"
        code, message = refusal(with_signed_assertion(ALICE.but(status=status)))
        assert code == "IDPRejectedClaim"
        assert message == f"The identity provider did not authenticate the user: {status}"

    def test_another_destination(self) -> None:
        message = refusal(with_signed_assertion(ALICE.but(destination="https://sp.example.com/saml")))[1]
        assert message == "The response is sent to https://sp.example.com/saml, which is not here."


def test_a_large_response_is_read_soon() -> None:
    """As long as the API takes: 100,000 characters of base64, in as many elements as they can hold."""
    filler = '<x xmlns="urn:x"/>' * 3800
    text = encoded(with_signed_assertion(ALICE.but(raw_attributes=filler)))
    assert 80_000 < len(text) < 100_000
    begin = time.process_time()
    assert read(text).subject == "alice"
    assert time.process_time() - begin < 2
