"""Two guards see to it that a signature is of the element that is read. Each of them holds alone."""

from __future__ import annotations

import pytest
from lxml import etree

from carnet.saml import signature
from carnet.saml.signature import NotSigned, as_signed
from tests.saml.idp import Answer, assertion_in, signer, with_signed_assertion


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
