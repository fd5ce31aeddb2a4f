"""People, provisioned by SCIM."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.scim.provisioner import Provisioner, a_user

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ALL: dict[str, Any] = {
    "nickName": "al",
    "title": "Dr.",
    "active": True,
    "emails": [{"value": "al@example.com", "type": "work", "primary": True}],
    "phoneNumbers": [{"value": "+1 555", "type": "work"}],
    "addresses": [{"streetAddress": "1 Road", "type": "work", "primary": True}],
    ENTERPRISE: {"department": "red", "manager": {"value": "boss"}},
}


def listed(scim: Provisioner, wanted: str) -> list[str]:
    told = scim("GET", f"Users?filter={quote(wanted)}")
    assert told.status == 200, told
    return [each["id"] for each in told.members["Resources"]]


def test_a_person_is_told_as_it_was_given(scim: Provisioner, name: str) -> None:
    made = scim("POST", "Users", a_user(name, externalId=f"ext-{name}", **ALL))
    assert made.status == 201
    user = made.members
    assert user == {
        **a_user(name, externalId=f"ext-{name}", **ALL),
        "id": user["id"],
        "meta": {"resourceType": "User", "created": user["meta"]["created"], "lastModified": user["meta"]["created"]},
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    }
    assert scim("GET", f"Users/{user['id']}").members == user
    client = scim.server.client("identitystore")
    described = client.describe_user(IdentityStoreId=scim.tenant, UserId=user["id"])
    assert described["ExternalIds"] == [
        {"Issuer": f"https://scim.us-east-1.amazonaws.com/{scim.tenant}", "Id": f"ext-{name}"}
    ]
    assert described["CreatedBy"].startswith("SCIM/")
    found = client.get_user_id(
        IdentityStoreId=scim.tenant, AlternateIdentifier={"ExternalId": described["ExternalIds"][0]}
    )
    assert found["UserId"] == user["id"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        [],
        b"{",
        b"[" * 5_000,
        {"userName": "x"},
        a_user("x", displayName=None),
        a_user("x") | {"name": {"givenName": "x"}},
        a_user("a b"),
        a_user("x", externalId="a:b"),
        a_user("x", active="perhaps"),
        a_user("x", photos=[{"value": "x"}]),
        a_user("x", password="secret"),
        a_user("x", groups=[]),
        a_user("x", ims=[{"value": "x"}]),
        a_user("x", emails=[{"value": "a"}, {"value": "b"}]),
        a_user("x", emails="x@example.com"),
        a_user("x", **{ENTERPRISE: {"nothing": "x"}}),
        a_user("x", title={"deep": "er"}),
        a_user("x", title="a\x00b"),
    ],
)
def test_what_breaks_the_schema_is_refused(scim: Provisioner, given: Any) -> None:
    told = scim("POST", "Users", given)
    assert (told.status, told.members["status"]) == (400, "400")
    assert told.members["schemas"] == [told.members["schema"]]
    assert {"exceptionRequestId", "timeStamp", "detail"} <= set(told.members)


def test_what_another_person_has_is_a_conflict(scim: Provisioner, name: str) -> None:
    scim.user(name, externalId=f"e-{name}", emails=[{"value": f"{name}@example.com"}])
    for given in (
        a_user(name.upper()),
        a_user(f"{name}-2", externalId=f"e-{name}"),
        a_user(f"{name}-2", emails=[{"value": f"{name}@EXAMPLE.com"}]),
    ):
        told = scim("POST", "Users", given)
        assert (told.status, told.members["detail"]) == (409, "Refused to create a new, duplicate resource.")


def test_a_put_replaces_all_and_a_patch_changes_what_it_names(scim: Provisioner, name: str) -> None:
    user = scim.user(name, **{**ALL, "emails": [{"value": f"{name}@example.com", "primary": True}]})
    changed = scim.patch(
        f"Users/{user}",
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "name.familyName", "value": "Roe"},
        {"op": "add", "path": f"{ENTERPRISE}:costCenter", "value": "42"},
        {"op": "remove", "path": f"{ENTERPRISE}:department"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": f"{name}-2@example.com"},
        {"op": "remove", "path": "title"},
        {"op": "replace", "value": {"nickName": "bo", "name.middleName": "M"}},
    ).members
    assert (changed["active"], changed["nickName"]) == (False, "bo")
    assert changed["name"] == {"givenName": name, "familyName": "Roe", "middleName": "M"}
    assert changed["emails"] == [{"value": f"{name}-2@example.com", "primary": True}]
    assert changed[ENTERPRISE] == {"manager": {"value": "boss"}, "costCenter": "42"}
    assert "title" not in changed
    client = scim.server.client("identitystore")
    assert client.describe_user(IdentityStoreId=scim.tenant, UserId=user)["UserStatus"] == "DISABLED"
    put = scim("PUT", f"Users/{user}", a_user(f"{name}-new")).members
    assert put["active"]
    assert "emails" not in put
    assert put["userName"] == f"{name}-new"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "move", "path": "title", "value": "x"},
        {"op": "remove"},
        {"op": "remove", "path": "displayName"},
        {"op": "replace", "path": "title..x", "value": "x"},
        {"op": "replace", "path": "title.more", "value": "x"},
        {"op": "replace", "path": 'emails[value co "x"].value', "value": "x"},
        {"op": "replace", "path": "(" * 1000, "value": "x"},
        {"op": "replace", "path": 'emails[type eq "work"]', "value": "x"},
        {"op": "replace", "value": {"emails": 5, 'emails[type eq "work"].value': "x@example.com"}},
        {"op": "replace", "value": {"emails": ["x"], 'emails[type eq "work"].value': "x@example.com"}},
        {"op": "replace", "value": "x"},
        {"op": "replace", "path": 5, "value": "x"},
        "text",
    ],
)
def test_what_no_patch_does_is_refused_and_changes_nothing(scim: Provisioner, name: str, operation: Any) -> None:
    user = scim.user(name, title="Dr.")
    before = scim("GET", f"Users/{user}").members
    assert scim.patch(f"Users/{user}", {"op": "replace", "path": "nickName", "value": "n"}, operation).status == 400
    assert scim("GET", f"Users/{user}").members == before


def test_people_are_found_by_the_filters_of_aws(scim: Provisioner, name: str) -> None:
    user = scim.user(name, externalId=f"e-{name}", **{ENTERPRISE: {"manager": {"value": "boss"}}})
    group = scim.group(name, members=[{"value": user}])
    for wanted in (
        f'userName eq "{name.upper()}"',
        f'externalId eq "e-{name}"',
        f'id eq "{user}" and manager eq "boss"',
        f'groups.value eq "{group}"',
        f'userName eq "{name}" and groups.value eq "{group}"',
    ):
        assert listed(scim, wanted) == [user]
    for wanted in (f'userName eq "{name}" and externalId eq "other"', f'id eq "{user}" and manager eq "other"'):
        assert listed(scim, wanted) == []


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "userName",
        'userName sw "x"',
        'userName eq "x" or userName eq "y"',
        'not (userName eq "x")',
        "(" * 1_000,
        'manager eq "boss"',
        'title eq "x"',
        'userName eq "x',
        'userName eq "x" and ' * 90 + 'userName eq "x"',
        f'userName eq "{"x" * 2_000}"',
    ],
)
def test_other_filters_are_refused(scim: Provisioner, wanted: str) -> None:
    assert scim("GET", f"Users?filter={quote(wanted)}").status == 400


def test_pages_go_on_by_a_cursor(scim: Provisioner, name: str) -> None:
    for number in range(3):
        scim.user(f"{name}-{number}")
    whole = scim("GET", "Users?startIndex=5&attributes=userName").members
    assert whole["totalResults"] == len(whole["Resources"]) >= 3
    told = scim("GET", "Users?count=1&cursor=").members
    seen = [each["id"] for each in told["Resources"]]
    while "nextCursor" in told:
        told = scim("GET", f"Users?count=1&cursor={told['nextCursor']}").members
        seen += [each["id"] for each in told["Resources"]]
    assert seen == [each["id"] for each in whole["Resources"]]
    assert scim("GET", "Users?cursor=forged").status == 400
    for count in ("0", "-1", "x", "9" * 10, "%D9%A1"):
        assert scim("GET", f"Users?count={count}").status == 400


def test_a_person_is_deleted_once(scim: Provisioner, name: str) -> None:
    user = scim.user(name)
    assert scim("DELETE", f"Users/{user}").status == 204
    for method, given in (("GET", None), ("DELETE", None), ("PUT", a_user(name))):
        assert scim(method, f"Users/{user}", given).status == 404


def test_what_the_api_alone_sets_of_a_person_stays(scim: Provisioner, name: str) -> None:
    user = scim.user(name)
    client = scim.server.client("identitystore")
    client.update_user(
        IdentityStoreId=scim.tenant,
        UserId=user,
        Operations=[{"AttributePath": "website", "AttributeValue": "https://example.com"}],
    )
    scim("PUT", f"Users/{user}", a_user(name))
    assert client.describe_user(IdentityStoreId=scim.tenant, UserId=user)["Website"] == "https://example.com"
