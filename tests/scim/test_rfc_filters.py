"""The filters of RFC 7644, whole, and what they may take."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.scim.refusals import Refusal
from carnet.scim.rfc.filters import read_filter
from carnet.scim.rfc.matching import matcher
from carnet.scim.schemas import ENTERPRISE_SCHEMA, USER_SCHEMA, USERS

MARY: dict[str, Any] = {
    "id": "abc",
    "userName": "Mary",
    "externalId": "E-1",
    "name": {"givenName": "Mary", "familyName": "O'Malley"},
    "active": True,
    "title": 'The "Boss"',
    "emails": [{"value": "mary@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "1", "type": "work"}, {"value": "2", "type": "home"}],
    "meta": {"created": "2026-11-26T12:00:00Z", "resourceType": "User"},
    ENTERPRISE_SCHEMA: {"department": "Sales", "manager": {"value": "boss"}},
}


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "mary"',
        'USERNAME Eq "MARY"',
        'externalId eq "E-1"',
        'name.familyName co "malley"',
        'userName sw "ma" and userName ew "RY"',
        'title eq "The \\"Boss\\""',
        "title pr",
        'userType ne "Employee"',
        'not (userType eq "Employee")',
        'userName eq "x" or userName eq "y" or userName eq "mary"',
        'userName eq "mary" or userName eq "x" and userName eq "y"',
        'emails co "example"',
        'emails.type eq "work"',
        'emails[type eq "work" and value co "@example.com"]',
        'emails[type eq "home"] or phoneNumbers[value eq "2" and not (type eq "work")]',
        "emails[primary eq true]",
        "active eq true",
        "active ne false",
        'meta.created gt "2026-11-26T12:00:00.000+01:00"',
        "meta.lastModified eq null and meta.created ne null",
        'meta.resourceType eq "User"',
        f'{USER_SCHEMA}:userName eq "mary"',
        f'{ENTERPRISE_SCHEMA.upper()}:department eq "sales"',
        f'{ENTERPRISE_SCHEMA}:manager.value eq "boss"',
        f'{ENTERPRISE_SCHEMA}:manager eq "boss"',
        'userName ge "mary" and userName le "mary" and userName gt "a" and userName lt "z"',
        "((((((userName pr))))))",
    ],
)
def test_mary_meets(text: str) -> None:
    assert matcher(read_filter(text), USERS)(MARY)


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "mar"',
        'externalId eq "e-1"',
        "userType pr",
        'userType eq "Employee"',
        'not (userName sw "m")',
        '(userName eq "mary" or userName eq "x") and userName eq "y"',
        'phoneNumbers[type eq "home" and value eq "1"]',
        'meta.created lt "2026-11-26T12:00:00Z"',
        "active eq false",
        'title co "boss" and title eq null',
    ],
)
def test_mary_does_not_meet(text: str) -> None:
    assert not matcher(read_filter(text), USERS)(MARY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        'userName is "x"',
        'userName eq "x',
        'userName eq "x" and',
        'userName eq "x" userName eq "y"',
        '(userName eq "x"',
        'userName eq "x")',
        'not userName eq "x"',
        'emails[type eq "work"',
        'emails[type eq "work"].value eq "x"',
        'userName[value eq "x"]',
        'emails.value[value eq "x"]',
        'emails[color eq "x"]',
        'color eq "x"',
        'urn:nowhere:User:userName eq "x"',
        'name eq "x"',
        "userName eq 5",
        "userName eq true",
        'active eq "yes"',
        "active gt false",
        "title gt null",
        "userName eq tru",
        'meta.created gt "yesterday"',
        'userName eq "\\x"',
        "userName eq {}",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as raised:
        matcher(read_filter(text), USERS)
    assert (raised.value.status, raised.value.scim_type) == (400, "invalidFilter")


@pytest.mark.parametrize(
    ("most", "more"),
    [
        ("(" * 9 + "id pr" + ")" * 9, "(" * 10 + "id pr" + ")" * 10),
        (" or ".join(["id pr"] * 50), " or ".join(["id pr"] * 51)),
        (f'id eq "{"x" * 3_992}"', f'id eq "{"x" * 3_993}"'),
    ],
    ids=["depth", "terms", "length"],
)
def test_a_filter_may_be_so_large(most: str, more: str) -> None:
    read_filter(most)
    with pytest.raises(Refusal):
        read_filter(more)


def test_a_hostile_filter_takes_no_time() -> None:
    for text in ("(" * 4_000, "not (" * 800, "urn:" * 1_000, '"' + "\\" * 3_990, "a." * 2_000, "emails[" * 570):
        with pytest.raises(Refusal):
            read_filter(text)
