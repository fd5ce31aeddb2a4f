from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from carnet.base.faults import Denied, Refused
from carnet.saml.assertion import AHEAD, Assertion, accepted
from tests.saml import idp
from tests.saml.idp import NOW, Answer, assertion_in

SECOND = timedelta(seconds=1)


def read(answer: Answer, now: datetime = NOW) -> Assertion:
    return accepted(
        assertion_in(answer.response()), now, recipients={idp.RECIPIENT}, audiences={idp.AUDIENCE, idp.RECIPIENT}
    )


def test_what_it_says() -> None:
    said = read(
        Answer(
            attributes={"mail": ["a@example.com", "b@example.com"]},
            session_end=NOW + timedelta(hours=2),
            in_response_to="_request",
        )
    )
    assert said == Assertion(
        id="_assertion",
        issuer=idp.ISSUER,
        issued=NOW,
        subject="alice",
        subject_format=idp.PERSISTENT,
        recipient=idp.RECIPIENT,
        in_response_to="_request",
        attributes={"mail": ("a@example.com", "b@example.com")},
        session_end=NOW + timedelta(hours=2),
        end=NOW + timedelta(minutes=5),
    )


def test_it_ends_with_the_first_of_its_times() -> None:
    assert read(Answer(not_on_or_after=NOW + SECOND)).end == NOW + SECOND
    assert read(Answer(confirmed_until=NOW + SECOND)).end == NOW + SECOND
    assert read(Answer(confirmed_until=NOW + timedelta(hours=1))).end == NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    "good",
    [
        {"issued": NOW - timedelta(minutes=5) + SECOND},
        {"issued": NOW + AHEAD},
        {"not_before": NOW + AHEAD},
        {"not_before": None, "not_on_or_after": None},
        {"not_on_or_after": NOW + SECOND},
        {"confirmed_until": NOW + SECOND},
        {"session_end": NOW + SECOND},
        {"audiences": ["https://other.example.com", idp.AUDIENCE]},
        {"audiences": [idp.RECIPIENT]},
        {"condition": "<saml:OneTimeUse/>"},
        {"name_format": None},
    ],
)
def test_just_good(good: dict[str, Any]) -> None:
    assert read(Answer(**good)).subject == "alice"


EXPIRED, INVALID = "ExpiredTokenException", "InvalidIdentityToken"
NO_AUDIENCE = "Response does not contain the required audience."


@pytest.mark.parametrize(
    ("bad", "code", "message"),
    [
        (
            {"issued": NOW - timedelta(minutes=5)},
            EXPIRED,
            "Token must be redeemed within 5 minutes of issuance",
        ),
        ({"issued": NOW + AHEAD + SECOND}, INVALID, "issued in the future"),
        ({"not_before": NOW + AHEAD + SECOND}, INVALID, "not valid yet"),
        ({"not_on_or_after": NOW}, EXPIRED, "is expired"),
        ({"confirmed_until": NOW}, EXPIRED, "is expired"),
        ({"confirmed_until": None}, INVALID, "no NotOnOrAfter"),
        ({"session_end": NOW}, EXPIRED, "session at the identity provider is over"),
        ({"recipient": "https://sp.example.com"}, INVALID, "recipient https://sp.example.com is not"),
        ({"recipient": None}, INVALID, "recipient"),
        ({"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, INVALID, "no SubjectConfirmation of a bearer"),
        ({"audiences": ["https://other.example.com"]}, INVALID, NO_AUDIENCE),
        ({"audiences": []}, INVALID, NO_AUDIENCE),
        ({"audiences": None}, INVALID, NO_AUDIENCE),
        (
            {
                "condition": "<saml:AudienceRestriction><saml:Audience>https://other.example.com</saml:Audience>"
                "</saml:AudienceRestriction>"
            },
            INVALID,
            NO_AUDIENCE,
        ),
        ({"condition": "<saml:Condition/>"}, INVALID, "condition that is not known"),
        ({"authenticated": False}, INVALID, "no AuthnStatement"),
        ({"id": ""}, INVALID, "has no ID"),
        ({"id": "x" * 1025}, INVALID, "has no ID"),
        ({"issuer": None}, INVALID, "no Issuer"),
    ],
)
def test_just_not(bad: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        read(Answer(**bad))
    assert refused.value.code == code
    assert message in refused.value.message


def without(name: str) -> etree._Element:
    """An assertion in which the one element of that name is not there."""
    assertion = assertion_in(Answer().response())
    (found,) = assertion.iter(f"{{*}}{name}")
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)
    return assertion


def taken(assertion: etree._Element) -> Assertion:
    return accepted(assertion, NOW, recipients={idp.RECIPIENT}, audiences={idp.AUDIENCE})


@pytest.mark.parametrize("name", ["SubjectConfirmation", "SubjectConfirmationData"])
def test_nobody_says_that_the_bearer_is_meant(name: str) -> None:
    with pytest.raises(Refused, match="no SubjectConfirmation of a bearer"):
        taken(without(name))


def test_no_subject() -> None:
    with pytest.raises(Denied, match="Not authorized"):
        taken(without("Subject"))


def test_another_version_of_saml() -> None:
    assertion = assertion_in(Answer().response())
    assertion.set("Version", "1.1")
    with pytest.raises(Refused, match=r"not of version 2\.0"):
        taken(assertion)


def test_one_of_two_sessions_at_the_provider_has_an_end() -> None:
    assertion = assertion_in(Answer(session_end=NOW + SECOND).response())
    etree.SubElement(assertion, "{urn:oasis:names:tc:SAML:2.0:assertion}AuthnStatement")
    assert taken(assertion).session_end == NOW + SECOND


def test_no_conditions_but_an_audience_elsewhere() -> None:
    with pytest.raises(Refused, match="required audience"):
        taken(without("AudienceRestriction"))


@pytest.mark.parametrize("name", [None, "", "  "])
def test_nobody_is_told_as_on_aws(name: str | None) -> None:
    with pytest.raises(Denied, match=r"^Not authorized to perform sts:AssumeRoleWithSAML$"):
        read(Answer(name=name))


@pytest.mark.parametrize("changes", [{"id": "x"}, {"id": "x" * 1024}, {"name": "a" * 5000}])
def test_long_values(changes: dict[str, Any]) -> None:
    read(Answer(**changes))


def test_attributes_of_one_name_are_one_and_a_name_id_counts_as_its_text() -> None:
    def attribute(name: str, value: str) -> str:
        return f'<saml:Attribute Name="{name}"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>'

    raw = (
        attribute("role", "one")
        + attribute("role", "two")
        + attribute("targeted", '<saml:NameID NameQualifier="idp">opaque</saml:NameID>')
        + attribute("structured", "<x/>")
        + attribute("beside", "text<saml:NameID>opaque</saml:NameID>")
        + attribute("two", "<saml:NameID>one</saml:NameID><saml:NameID>two</saml:NameID>")
        + attribute("parted", "ad<!-- -->min")
        + '<saml:Attribute Name="empty"/>'
    )
    assert read(Answer(raw_attributes=raw)).attributes == {
        "role": ("one", "two"),
        "targeted": ("opaque",),
        "structured": (),
        "beside": (),
        "two": (),
        "parted": (),
        "empty": (),
    }
