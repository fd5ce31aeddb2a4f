"""What an assertion says, and whether it says it of this place and of this time.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1.4)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from lxml import etree

from carnet.base.bounded_xml import BadXml, Element
from carnet.base.faults import Denied
from carnet.saml.refusals import NO_AUDIENCE, TOO_LATE, expired, invalid
from carnet.saml.response import issuer_of
from carnet.saml.xml import ASSERTION, children, moment, only_child, optional_moment, text_of

REDEEMED_WITHIN = timedelta(minutes=5)
AHEAD = timedelta(minutes=1)
"""How far the clock of an identity provider may be ahead of this one. AWS publishes no figure."""
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
_KNOWN_CONDITIONS = frozenset(("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
_LONGEST_ID = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What was signed about one person."""

    id: str
    issuer: str
    issued: datetime
    subject: str
    """The NameID."""
    subject_format: str
    """The NameID's format, a URI."""
    recipient: str
    in_response_to: str | None
    """The ID of the request that it answers; None if nobody asked."""
    attributes: Mapping[str, tuple[str, ...]]
    """Name of an attribute to its values, in the order of the document."""
    session_end: datetime | None
    """SessionNotOnOrAfter."""
    end: datetime
    """When the assertion is good no longer, whatever happens."""


def accepted(element: Element, now: datetime, *, recipients: Collection[str], audiences: Collection[str]) -> Assertion:
    """What a signed assertion says.

    Raises Refused, with AWS's codes, unless it was made for one of the recipients and one of the audiences, within
    AWS's five minutes; Denied for one that names nobody.
    """
    try:
        return _accept(element, now, recipients, audiences)
    except BadXml as problem:
        raise invalid(f"The SAML assertion is not valid: {problem}.") from problem


def _accept(element: Element, now: datetime, recipients: Collection[str], audiences: Collection[str]) -> Assertion:
    own_id, issued = element.get("ID", ""), moment(element.get("IssueInstant", ""))
    if element.get("Version") != "2.0" or not 1 <= len(own_id) <= _LONGEST_ID:
        raise BadXml("it is not of version 2.0, or has no ID")
    _check_issued(issued, now)
    subject = only_child(element, ASSERTION, "Subject")
    name = only_child(subject, ASSERTION, "NameID") if subject is not None else None
    if subject is None or name is None or not text_of(name):
        raise Denied("Not authorized to perform sts:AssumeRoleWithSAML")
    confirmed = _read_confirmation(subject, now, recipients)
    conditions_end = _check_conditions(element, now, audiences)
    return Assertion(
        id=own_id,
        issuer=issuer_of(element),
        issued=issued,
        subject=text_of(name),
        subject_format=name.get("Format", _UNSPECIFIED),
        recipient=confirmed.recipient,
        in_response_to=confirmed.in_response_to,
        attributes=_attributes(element),
        session_end=_session_end(element, now),
        end=min(issued + REDEEMED_WITHIN, confirmed.until, *conditions_end),
    )


def _check_issued(issued: datetime, now: datetime) -> None:
    if issued > now + AHEAD:
        raise invalid("The SAML assertion was issued in the future.")
    if now >= issued + REDEEMED_WITHIN:
        raise expired(TOO_LATE)


def _check_period(element: Element, now: datetime) -> Iterator[datetime]:
    """The end of the time that an element gives, if it gives one; raises Refused if it is over or not yet begun."""
    begin, end = optional_moment(element, "NotBefore"), optional_moment(element, "NotOnOrAfter")
    if begin is not None and begin > now + AHEAD:
        raise invalid("The SAML assertion is not valid yet.")
    if end is not None:
        if now >= end:
            raise expired("The SAML assertion is expired.")
        yield end


class _Confirmed(NamedTuple):
    recipient: str
    until: datetime
    in_response_to: str | None


def _read_confirmation(subject: Element, now: datetime, recipients: Collection[str]) -> _Confirmed:
    """What the one SubjectConfirmation that AWS asks for says."""
    confirmation = only_child(subject, ASSERTION, "SubjectConfirmation")
    data = only_child(confirmation, ASSERTION, "SubjectConfirmationData") if confirmation is not None else None
    if confirmation is None or confirmation.get("Method") != _BEARER or data is None:
        raise BadXml("there is no SubjectConfirmation of a bearer")
    recipient, ends = data.get("Recipient", ""), tuple(_check_period(data, now))
    if not ends:
        raise BadXml("its SubjectConfirmationData has no NotOnOrAfter")
    if recipient not in recipients:
        raise invalid(f"The recipient {recipient[:256]} is not this service.")
    return _Confirmed(recipient, ends[0], data.get("InResponseTo"))


def _check_conditions(element: Element, now: datetime, audiences: Collection[str]) -> tuple[datetime, ...]:
    conditions = only_child(element, ASSERTION, "Conditions")
    if conditions is None:
        raise invalid(NO_AUDIENCE)
    ends = tuple(_check_period(conditions, now))
    for condition in conditions.iterchildren(etree.Element):
        if condition.tag not in {f"{{{ASSERTION}}}{name}" for name in _KNOWN_CONDITIONS}:
            raise BadXml("it has a condition that is not known here")
    restrictions = children(conditions, ASSERTION, "AudienceRestriction")
    for restriction in restrictions:
        if audiences_of(restriction).isdisjoint(audiences):
            raise invalid(NO_AUDIENCE)
    if not restrictions:
        raise invalid(NO_AUDIENCE)
    return ends


def audiences_of(restriction: Element) -> frozenset[str]:
    """For whom an assertion is."""
    return frozenset(map(text_of, children(restriction, ASSERTION, "Audience")))


def _session_end(element: Element, now: datetime) -> datetime | None:
    """The earliest SessionNotOnOrAfter; raises Refused if nobody was authenticated or the session is over."""
    statements = children(element, ASSERTION, "AuthnStatement")
    if not statements:
        raise BadXml("it has no AuthnStatement")
    ends = [optional_moment(statement, "SessionNotOnOrAfter") for statement in statements]
    end = min((each for each in ends if each is not None), default=None)
    if end is not None and now >= end:
        raise expired("The session at the identity provider is over.")
    return end


def _attributes(element: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for statement in children(element, ASSERTION, "AttributeStatement"):
        for attribute in children(statement, ASSERTION, "Attribute"):
            name = attribute.get("Name", "")
            found[name] = (*found.get(name, ()), *_values(attribute))
    return found


def _values(attribute: Element) -> Iterator[str]:
    """Those that are text, and the NameID that an eduPersonTargetedID holds; a value of another structure is none."""
    for value in children(attribute, ASSERTION, "AttributeValue"):
        if not len(value):
            yield text_of(value)
        elif len(value) == 1 and value[0].tag == f"{{{ASSERTION}}}NameID" and not (value.text or "").strip():
            yield text_of(value[0])
