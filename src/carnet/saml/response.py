"""An authentication response: from the text that a client posts to the one assertion that the provider has signed.

The shape of the whole document is checked first, so that an assertion that nobody signed has no place to hide in
(signature wrapping); what is read afterwards is only what was signed.

https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1.4)
https://www.usenix.org/conference/usenixsecurity12/technical-sessions/presentation/somorovsky
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from carnet.base.bounded_xml import BadXml, Element, parse_xml
from carnet.saml.decryption import NotDecrypted, PrivateKeys, decrypted
from carnet.saml.refusals import BASE64_INVALID, ISSUER_UNKNOWN, SIGNATURE_INVALID, invalid, rejected
from carnet.saml.signature import NotSigned, as_signed, signature_of
from carnet.saml.xml import ASSERTION, PROTOCOL, SIGNATURE, anywhere, children, ids_in, only_child, text_of

_RESPONSE = f"{{{PROTOCOL}}}Response"
_ASSERTION = f"{{{ASSERTION}}}Assertion"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_VERSION = "2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """What a response is checked against."""

    certificates: Mapping[str, tuple[str, ...]]
    """Issuer to its signing certificates, as `metadata.Metadata` has them."""
    private_keys: PrivateKeys = ()
    encrypted_only: bool = False
    destinations: Collection[str]
    """Where a response may be sent to, if it says so."""


class Vouched(NamedTuple):
    """An assertion, read from what was signed."""

    assertion: Element
    certificate: str
    """The certificate (base64 of DER) that has signed it, or the response around it if only that is signed."""
    encrypted: bool


def signed_assertion(text: str, trusted: Trusted) -> Element:
    """The assertion in a response (base64), as `vouched_assertion`."""
    return vouched_assertion(text, trusted).assertion


def vouched_assertion(text: str, trusted: Trusted) -> Vouched:
    """The assertion in a response (base64), read from what was signed. Raises Refused with AWS's codes and sentences.

    Signed must be the response, or the assertion, or both; a signature that is there must be good.
    """
    try:
        return _signed_assertion(parse_xml(_decode(text)), trusted)
    except NotSigned as problem:
        raise invalid(SIGNATURE_INVALID) from problem
    except NotDecrypted as problem:
        raise invalid(str(problem)) from problem
    except BadXml as problem:
        raise invalid(f"The SAML response is not valid: {problem}.") from problem


def _decode(text: str) -> bytes:
    """Base64, which may be broken into lines."""
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as problem:
        raise invalid(BASE64_INVALID) from problem


def _signed_assertion(root: Element, trusted: Trusted) -> Vouched:
    if root.tag != _RESPONSE or root.get("Version") != _VERSION:
        raise BadXml("it is no SAML 2.0 response")
    _check_status(root)
    _check_shape(root)
    signed_by, certificate = None, ""
    if signature_of(root) is not None:
        signed_by = _issuer_of_response(root)
        root, certificate = as_signed(root, _certificates(signed_by, trusted))
    destination = root.get("Destination")
    if destination and destination not in trusted.destinations:
        raise invalid(f"The response is sent to {destination[:256]}, which is not here.")
    assertion, encrypted = _only_assertion(root, trusted)
    issuer = issuer_of(assertion)
    certificates = _certificates(issuer, trusted)
    if signature_of(assertion) is not None:
        return Vouched(*as_signed(assertion, certificates), encrypted)
    if issuer != signed_by:
        raise NotSigned("its issuer has signed neither the assertion nor the response")
    return Vouched(assertion, certificate, encrypted)


def _check_status(root: Element) -> None:
    status = only_child(root, PROTOCOL, "Status")
    code = only_child(status, PROTOCOL, "StatusCode") if status is not None else None
    value = code.get("Value", "") if code is not None else ""
    if value != _SUCCESS:
        raise rejected(f"The identity provider did not authenticate the user: {value[:256] or 'it gives no status'}")


def _check_shape(root: Element) -> None:
    """Raise BadXml unless there is one assertion, where it belongs, and signatures only of it and of the response.

    INVARIANT: ids are unique, so that no reference can be understood in two ways.
    """
    ids = list(ids_in(root))
    if len(set(ids)) < len(ids):
        raise BadXml("an ID is there twice")
    assertions = anywhere(root, ASSERTION, "Assertion")
    if len(assertions) + len(anywhere(root, ASSERTION, "EncryptedAssertion")) != 1:
        raise BadXml("it does not hold exactly one assertion")
    if len(_assertions(root)) != 1:
        raise BadXml("the assertion is not where it belongs")
    places = [root, *assertions]
    if any(signature.getparent() not in places for signature in anywhere(root, SIGNATURE, "Signature")):
        raise BadXml("it holds a signature that is neither its own nor its assertion's")


def _assertions(root: Element) -> list[Element]:
    """The assertions directly inside, encrypted or not."""
    return children(root, ASSERTION, "Assertion") + children(root, ASSERTION, "EncryptedAssertion")


def _only_assertion(root: Element, trusted: Trusted) -> tuple[Element, bool]:
    """The assertion, and whether it was encrypted."""
    (found,) = _assertions(root)
    if found.tag == _ASSERTION:
        if trusted.encrypted_only:
            raise invalid("The SAML provider requires encrypted assertions.")
        return found, False
    opened = decrypted(found, trusted.private_keys)
    if opened.tag != _ASSERTION:
        raise BadXml("what was encrypted is no assertion")
    _check_decrypted(opened)
    return opened, True


def _check_decrypted(assertion: Element) -> None:
    ids = list(ids_in(assertion))
    signatures = anywhere(assertion, SIGNATURE, "Signature")
    if len(set(ids)) < len(ids) or len(anywhere(assertion, ASSERTION, "Assertion")) != 1:
        raise BadXml("an ID or an assertion is there twice")
    if any(signature.getparent() is not assertion for signature in signatures):
        raise BadXml("the assertion holds a signature that is not its own")


def issuer_of(element: Element) -> str:
    """Who says so; raises BadXml if it is not said."""
    issuer = only_child(element, ASSERTION, "Issuer")
    if issuer is None:
        raise BadXml("there is no Issuer")
    return text_of(issuer)


def _issuer_of_response(root: Element) -> str:
    """The issuer of a response that is signed: a response may leave it to its assertion."""
    if only_child(root, ASSERTION, "Issuer") is not None:
        return issuer_of(root)
    plain = children(root, ASSERTION, "Assertion")
    return issuer_of(plain[0]) if plain else issuer_of(root)


def _certificates(issuer: str, trusted: Trusted) -> tuple[str, ...]:
    """Those of an issuer; raises Refused for one that is not the provider's."""
    certificates = trusted.certificates.get(issuer)
    if certificates is None:
        raise invalid(ISSUER_UNKNOWN)
    return certificates
