"""What an identity provider writes: its metadata, and signed responses that say who a person is.

https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1.4.2)
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from carnet.base.bounded_xml import parse_xml
from carnet.base.timestamps import iso_seconds
from carnet.saml.metadata import HTTP_POST, HTTP_REDIRECT
from carnet.saml.metadata_keys import key_descriptors
from carnet.saml.signing import SigningPair, signed_within
from carnet.saml.xml import ASSERTION, METADATA, PROTOCOL

_GOOD_FOR = timedelta(minutes=5)
_AHEAD = timedelta(minutes=1)
"""How far the clock of a service provider may be behind."""
_BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"


def identity_provider_metadata(
    issuer: str, sign_in_url: str, certificates: Iterable[str], name_format: str, *, signed_requests: bool
) -> str:
    """`certificates`: of all keys that may sign, base64 of DER."""
    services = "".join(
        f'<md:SingleSignOnService Binding="{binding}" Location={quoteattr(sign_in_url)}/>'
        for binding in (HTTP_POST, HTTP_REDIRECT)
    )
    wants = "true" if signed_requests else "false"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="{METADATA}" entityID={quoteattr(issuer)}>'
        f'<md:IDPSSODescriptor WantAuthnRequestsSigned="{wants}" protocolSupportEnumeration="{PROTOCOL}">'
        f"{key_descriptors(certificates)}"
        f"<md:NameIDFormat>{escape(name_format)}</md:NameIDFormat>{services}"
        "</md:IDPSSODescriptor></md:EntityDescriptor>\n"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of a person to one service provider."""

    response_id: str
    assertion_id: str
    session_index: str
    """All three are XML IDs."""
    issuer: str
    audience: str
    acs_url: str
    in_response_to: str | None
    subject: str
    subject_format: str
    attributes: Mapping[str, tuple[str, ...]]
    authenticated: datetime
    """When the person has signed in."""
    session_end: datetime
    now: datetime


def signed_response(said: Said, pair: SigningPair) -> str:
    """The response, base64, whose assertion is signed (RSA with SHA-256, exclusive canonical XML).

    INVARIANT: every text is written by an XML library, which escapes it. Raises ValueError for a text that XML cannot
    hold.
    """
    signed = signed_within(_assertion(said), pair)
    response = _response(said)
    response.append(signed)
    return base64.b64encode(etree.tostring(response)).decode("ascii")


def _response(said: Said) -> etree._Element:
    """Without its assertion."""
    response = _element(
        None, PROTOCOL, "Response", ID=said.response_id, Version="2.0", IssueInstant=iso_seconds(said.now)
    )
    response.set("Destination", said.acs_url)
    if said.in_response_to is not None:
        response.set("InResponseTo", said.in_response_to)
    _element(response, ASSERTION, "Issuer").text = said.issuer
    status = _element(response, PROTOCOL, "Status")
    _element(status, PROTOCOL, "StatusCode", Value="urn:oasis:names:tc:SAML:2.0:status:Success")
    return response


def _assertion(said: Said) -> etree._Element:
    made = _element(
        None, ASSERTION, "Assertion", ID=said.assertion_id, Version="2.0", IssueInstant=iso_seconds(said.now)
    )
    _element(made, ASSERTION, "Issuer").text = said.issuer
    until = iso_seconds(said.now + _GOOD_FOR)
    subject = _element(made, ASSERTION, "Subject")
    _element(subject, ASSERTION, "NameID", Format=said.subject_format).text = said.subject
    confirmation = _element(subject, ASSERTION, "SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:bearer")
    data = _element(confirmation, ASSERTION, "SubjectConfirmationData", NotOnOrAfter=until, Recipient=said.acs_url)
    if said.in_response_to is not None:
        data.set("InResponseTo", said.in_response_to)
    conditions = _element(made, ASSERTION, "Conditions", NotBefore=iso_seconds(said.now - _AHEAD), NotOnOrAfter=until)
    restriction = _element(conditions, ASSERTION, "AudienceRestriction")
    _element(restriction, ASSERTION, "Audience").text = said.audience
    _statement(made, said)
    _attributes(made, said)
    # Read anew: what is signed then has the very bytes that are sent.
    return parse_xml(etree.tostring(made))


def _statement(made: etree._Element, said: Said) -> None:
    statement = _element(
        made,
        ASSERTION,
        "AuthnStatement",
        AuthnInstant=iso_seconds(said.authenticated),
        SessionIndex=said.session_index,
        SessionNotOnOrAfter=iso_seconds(said.session_end),
    )
    context = _element(statement, ASSERTION, "AuthnContext")
    reference = _element(context, ASSERTION, "AuthnContextClassRef")
    reference.text = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"


def _attributes(made: etree._Element, said: Said) -> None:
    if not said.attributes:
        return  # the schema has no empty statement
    statement = _element(made, ASSERTION, "AttributeStatement")
    for name, values in said.attributes.items():
        attribute = _element(statement, ASSERTION, "Attribute", Name=name, NameFormat=_BASIC)
        for value in values:
            _element(attribute, ASSERTION, "AttributeValue").text = value


def _element(parent: etree._Element | None, namespace: str, name: str, **attributes: str) -> etree._Element:
    tag, prefixes = f"{{{namespace}}}{name}", {"saml": ASSERTION, "samlp": PROTOCOL}
    if parent is None:
        return etree.Element(tag, attributes, nsmap={"saml": ASSERTION} if namespace == ASSERTION else prefixes)
    return etree.SubElement(parent, tag, attributes)
