"""Two guards see to it that a signature is of the element that is read. Each of them holds alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from carnet.saml import signature
from carnet.saml.signature import NotSigned, as_signed
from carnet.saml.xml import SIGNATURE
from tests.saml.idp import Answer, assertion_in, signer, with_signed_assertion

Change = Callable[[etree._Element], object]


def moved() -> etree._Element:
    """A forged element that has the signature of the genuine one, which stands inside."""
    genuine = assertion_in(with_signed_assertion(Answer()))
    prefixes = {prefix: name for prefix, name in genuine.nsmap.items() if prefix is not None}
    forged = etree.Element(genuine.tag, {"ID": "_forged"}, nsmap=prefixes)
    own = genuine.find("{*}Signature")
    assert own is not None
    genuine.remove(own)
    forged.extend((own, genuine))
    return forged


def test_what_is_signed_is_given_back() -> None:
    assertion = assertion_in(with_signed_assertion(Answer()))
    read, by = as_signed(assertion, (signer("other").base64, signer().base64))
    assert by == signer().base64
    assert (read.tag, read.get("ID")) == (assertion.tag, assertion.get("ID"))
    assert read.find("{*}Signature") is None


def test_a_signature_refers_to_the_element_that_it_stands_in() -> None:
    with pytest.raises(NotSigned, match="not of the element that it stands in"):
        as_signed(moved(), (signer().base64,))


def test_what_was_signed_is_the_element(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "_check_shape", lambda element: None)
    with pytest.raises(NotSigned, match="what was signed is another element"):
        as_signed(moved(), (signer().base64,))


def test_what_cannot_be_read_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signature, "_signed_bytes", lambda document, certificate: b"<!DOCTYPE a><a/>")
    with pytest.raises(NotSigned, match="cannot be read"):
        as_signed(assertion_in(with_signed_assertion(Answer())), (signer().base64,))


def _within(element: etree._Element, name: str) -> etree._Element:
    (found,) = element.iter(f"{{{SIGNATURE}}}{name}")
    return found


def _removed(name: str) -> Change:
    def remove(element: etree._Element) -> None:
        found = _within(element, name)
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)

    return remove


def _put_in_place_of(number: int, algorithm: str) -> Change:
    return lambda element: _within(element, "Transforms")[number].set("Algorithm", algorithm)


ENVELOPED = f"{SIGNATURE}enveloped-signature"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_removed("Signature"), "has no signature"),
        (lambda element: element.attrib.pop("ID"), "has no signature, or no ID"),
        (lambda element: element.set("ID", ""), "has no signature, or no ID"),
        (_removed("SignedInfo"), "has no SignedInfo"),
        (lambda element: etree.SubElement(_within(element, "Signature"), f"{{{SIGNATURE}}}Object"), "or an Object"),
        (_removed("Reference"), "not of the element that it stands in"),
        (lambda element: _within(element, "Reference").attrib.pop("URI"), "not of the element that it stands in"),
        (_removed("Transforms"), "transforms"),
        (lambda element: _within(element, "Transforms").remove(_within(element, "Transforms")[1]), "transforms"),
        (lambda element: etree.SubElement(_within(element, "Transforms"), f"{{{SIGNATURE}}}Transform"), "transforms"),
        (_put_in_place_of(0, "http://www.w3.org/2001/10/xml-exc-c14n#"), "transforms"),
        (_put_in_place_of(1, "http://www.w3.org/TR/1999/REC-xpath-19991116"), "transforms"),
        (_put_in_place_of(1, ENVELOPED), "transforms"),
    ],
)
def test_a_signature_of_another_shape_is_not_looked_into(change: Change, why: str) -> None:
    assertion = assertion_in(with_signed_assertion(Answer()))
    change(assertion)
    with pytest.raises(NotSigned, match=why):
        as_signed(assertion, (signer().base64,))
