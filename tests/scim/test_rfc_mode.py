"""People and groups by SCIM as RFC 7644 has it, beside AWS's way, in the same identity store."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from carnet.scim.rfc import listing, mode, patching
from carnet.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA
from tests.scim.provisioner import Provisioner, Told, a_user

NAMES = {"schemas": [USER_SCHEMA]}


@pytest.fixture(scope="module")
def rfc(scim: Provisioner) -> Provisioner:
    return scim.speaking("rfc/v2")


def user(rfc: Provisioner, name: str, **more: Any) -> dict[str, Any]:
    told = rfc("POST", "Users", a_user(name, **NAMES, **more))
    assert told.status == 201, told
    return told.members


def group(rfc: Provisioner, name: str, *members: str) -> dict[str, Any]:
    given = {"schemas": [GROUP_SCHEMA], "displayName": name, "members": [{"value": each} for each in members]}
    told = rfc("POST", "Groups", given)
    assert told.status == 201, told
    return told.members


def refused(told: Told) -> tuple[int, str | None]:
    assert told.status >= 400, told
    assert told.members["status"] == str(told.status)
    assert set(told.members) <= {"schemas", "detail", "status", "scimType"}
    return told.status, told.members.get("scimType")


def ids(told: Told) -> list[str]:
    assert told.status == 200, told
    return [each["id"] for each in told.members["Resources"]]


def found(rfc: Provisioner, wanted: str, where: str = "Users") -> list[str]:
    return ids(rfc("GET", f"{where}?filter={quote(wanted)}"))


def test_groups_tell_of_members_and_people_of_groups(rfc: Provisioner, scim: Provisioner, name: str) -> None:
    one, two = user(rfc, name), user(rfc, f"{name}-2")
    made = group(rfc, name, one["id"])
    assert made["members"] == [{"value": one["id"], "$ref": one["meta"]["location"], "type": "User"}]
    assert rfc("GET", f"Groups/{made['id']}").members == made
    link = {"value": made["id"], "$ref": made["meta"]["location"], "display": name, "type": "direct"}
    assert rfc("GET", f"Users/{one['id']}").members["groups"] == [link]
    assert scim("GET", f"Groups/{made['id']}").members["members"] == []
    given = {"schemas": [GROUP_SCHEMA], "displayName": f"{name}-new", "members": [{"value": two["id"]}]}
    put = rfc("PUT", f"Groups/{made['id']}", given)
    assert [each["value"] for each in put.members["members"]] == [two["id"]]
    assert "groups" not in rfc("GET", f"Users/{one['id']}").members
    nobody = {**given, "members": [{"value": "nobody"}]}
    assert rfc("PUT", f"Groups/{made['id']}", nobody).status == 404
    assert rfc("DELETE", f"Groups/{made['id']}").status == 204


def test_members_change_by_every_kind_of_patch(rfc: Provisioner, name: str) -> None:
    one, two, three = (user(rfc, f"{name}-{number}")["id"] for number in range(3))
    path = f"Groups/{group(rfc, name, one)['id']}"
    for operation, left in (
        ({"op": "add", "path": "members", "value": [{"value": two}, {"value": one}]}, {one, two}),
        ({"op": "add", "value": {"members": [{"value": three}]}}, {one, two, three}),
        ({"op": "remove", "path": f'members[value eq "{one}" or value eq "{two}"]'}, {three}),
        ({"op": "replace", "path": "members", "value": [{"value": one}, {"value": two}]}, {one, two}),
        ({"op": "remove", "path": "members", "value": [{"value": two}]}, {one}),
        ({"op": "remove", "path": "members"}, set()),
    ):
        told = rfc.patch(path, operation)
        assert told == (204, {}), "nothing is told of a group that may be long"
        assert {each["value"] for each in rfc("GET", path).members.get("members", ())} == left
    fixed = rfc.patch(path, {"op": "replace", "path": "members.value", "value": one})
    assert refused(fixed) == (400, "mutability")


def test_who_asks_for_attributes_is_told_of_a_group(rfc: Provisioner, name: str) -> None:
    """https://www.rfc-editor.org/rfc/rfc7644#section-3.5.2"""
    one = user(rfc, name)["id"]
    path = f"Groups/{group(rfc, name, one)['id']}"
    for query, there in (
        ("attributes=displayName", False),
        ("attributes=members", True),
        ("excludedAttributes=x", True),
    ):
        told = rfc.patch(f"{path}?{query}", {"op": "replace", "path": "displayName", "value": f"{name} of {query}"})
        assert told.status == 200
        assert ("members" in told.members) is there
        assert rfc("GET", path).members["displayName"] == f"{name} of {query}"


def test_a_patch_changes_what_its_path_names(rfc: Provisioner, name: str) -> None:
    made = user(rfc, name, title="Dr.", emails=[{"value": f"{name}@example.com", "type": "work", "primary": True}])
    told = rfc.patch(
        f"Users/{made['id']}",
        {"op": "replace", "path": 'emails[type eq "work" and primary eq true].value', "value": f"{name}@example.org"},
        {"op": "add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1"},
        {"op": "replace", "path": "name", "value": {"familyName": "Roe"}},
        {"op": "add", "path": f"{ENTERPRISE_SCHEMA}:manager.value", "value": "boss"},
        {"op": "replace", "path": ENTERPRISE_SCHEMA, "value": {"department": "Sales"}},
        {"op": "replace", "path": "ACTIVE", "value": False},
        {"op": "add", "value": {"nickName": "bo", "name.middleName": "M", "id": "other", "schemas": []}},
        {"op": "remove", "path": "title"},
        {"op": "add", "path": "photos", "value": [{"value": "https://example.com/p.png", "display": "p"}]},
    )
    assert told.status == 200
    assert told.members["emails"] == [{"value": f"{name}@example.org", "type": "work", "primary": True}]
    assert told.members["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]
    assert told.members["name"] == {"givenName": name, "familyName": "Roe", "middleName": "M"}
    assert told.members[ENTERPRISE_SCHEMA] == {"manager": {"value": "boss"}, "department": "Sales"}
    assert (told.members["active"], told.members["nickName"], told.members["id"]) == (False, "bo", made["id"])
    assert told.members["photos"] == [{"value": "https://example.com/p.png", "display": "p"}]
    assert "title" not in told.members
    assert rfc("GET", f"Users/{made['id']}").members == told.members
    removing = {"op": "remove", "path": 'emails[type eq "work"].type', "value": "home"}
    told = rfc.patch(f"Users/{made['id']}", removing)
    assert told.members["emails"] == [{"value": f"{name}@example.org", "primary": True}]
    bare = rfc.patch(f"Users/{made['id']}", {"op": "remove", "path": ENTERPRISE_SCHEMA}).members
    assert ENTERPRISE_SCHEMA not in bare


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": "color", "value": "red"}, "invalidPath"),
        ({"op": "replace", "path": "emails[type eq", "value": "red"}, "invalidFilter"),
        ({"op": "replace", "path": 'emails[type eq "work"].color', "value": "red"}, "invalidPath"),
        ({"op": "replace", "path": 'title[type eq "work"]', "value": "red"}, "invalidPath"),
        ({"op": "replace", "path": 'emails.value[type eq "work"]', "value": "red"}, "invalidPath"),
        ({"op": "replace", "path": 'emails[type eq "home"].value', "value": "red"}, "noTarget"),
        ({"op": "add", "path": 'emails[type co "home"].value', "value": "red"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "other"}, "mutability"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"}, "mutability"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "remove", "path": "name.givenName"}, "mutability"),
        ({"op": "replace", "path": "active", "value": "maybe"}, "invalidValue"),
        ({"op": "replace", "path": "title", "value": 5}, "invalidValue"),
        ({"op": "replace", "path": "name", "value": "Mary"}, "invalidValue"),
        ({"op": "replace", "path": "emails", "value": "x"}, "invalidValue"),
        ({"op": "add", "path": "emails", "value": [{"value": "second@example.com"}]}, "invalidValue"),
        ({"op": "replace", "value": {"color": "red"}}, "invalidPath"),
        ({"op": "replace", "value": "x"}, "invalidValue"),
        ({"op": "replace", "path": ENTERPRISE_SCHEMA, "value": "x"}, "invalidValue"),
        ({"op": "replace", "path": "password", "value": "x"}, "invalidPath"),
    ],
)
def test_a_patch_is_refused_with_the_word_of_the_rfc(
    rfc: Provisioner, name: str, operation: Any, scim_type: str
) -> None:
    made = user(rfc, name, emails=[{"value": f"{name}@example.com", "type": "work"}])
    told = rfc.patch(f"Users/{made['id']}", {"op": "replace", "path": "title", "value": "x"}, operation)
    assert refused(told) == (400, scim_type)
    assert rfc("GET", f"Users/{made['id']}").members == made


def test_one_element_at_most_is_primary(rfc: Provisioner, name: str) -> None:
    photos = [{"value": f"https://example.com/{number}", "primary": number == 0} for number in range(2)]
    made = user(rfc, name, photos=photos)
    added = {"op": "add", "path": "photos", "value": [{"value": "https://example.com/new", "primary": True}]}
    told = rfc.patch(f"Users/{made['id']}", added).members["photos"]
    assert [each.get("primary") for each in told] == [False, False, True]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (400, "invalidValue")),
        (a_user("x"), (400, "invalidValue")),
        ({**a_user("x"), "schemas": ["urn:other"]}, (400, "invalidValue")),
        ({**a_user("x"), **NAMES, "color": "red"}, (400, "invalidSyntax")),
        ({**a_user("x"), **NAMES, "name": {"color": "red"}}, (400, "invalidSyntax")),
        ({**a_user("x"), **NAMES, "password": "secret"}, (400, "invalidSyntax")),
        ({**a_user("x"), **NAMES, "emails": ["x@example.com"]}, (400, "invalidValue")),
        ({**a_user("x"), **NAMES, "userName": "two words"}, (400, "invalidValue")),
        ({"userName": "x", "displayName": "x", **NAMES}, (400, "invalidValue")),
        ("text", (400, "invalidValue")),
    ],
)
def test_what_breaks_the_schema_is_refused(rfc: Provisioner, given: Any, expected: tuple[int, str]) -> None:
    assert refused(rfc("POST", "Users", given)) == expected


def test_names_are_read_in_any_case_and_what_is_read_only_is_passed_over(rfc: Provisioner, name: str) -> None:
    made = user(
        rfc, name, NICKNAME="bo", groups=[{"value": "x"}], id="other", meta={}, title=None, externalId="urn:a:b"
    )
    assert (made["nickName"], made["externalId"]) == ("bo", "urn:a:b")
    assert made["id"] != "other"
    assert refused(rfc("POST", "Users", a_user(name.upper(), **NAMES))) == (409, "uniqueness")


def test_attributes_are_chosen(rfc: Provisioner, name: str) -> None:
    mail = {"value": f"{name}@example.com", "type": "work"}
    made = user(rfc, name, title="Dr.", emails=[mail], **{ENTERPRISE_SCHEMA: {"department": "Sales", "division": "N"}})
    always = {"schemas": made["schemas"], "id": made["id"]}
    for asked, shown in (
        ("attributes=userName,name.familyName", {"userName": name, "name": {"familyName": "Doe"}}),
        ("attributes=emails.type,EMAILS.value", {"emails": [mail]}),
        ("attributes=emails.type,color", {"emails": [{"type": "work"}]}),
        ("attributes=userName,name.color", {"userName": name}),
        (f"attributes={ENTERPRISE_SCHEMA}:department", {ENTERPRISE_SCHEMA: {"department": "Sales"}}),
        (f"attributes={ENTERPRISE_SCHEMA}", {ENTERPRISE_SCHEMA: made[ENTERPRISE_SCHEMA]}),
    ):
        assert rfc("GET", f"Users/{made['id']}?{asked}").members == always | shown
    excluded = f"id,title,emails.type,{ENTERPRISE_SCHEMA}:division,name"
    left = {key: value for key, value in made.items() if key not in ("title", "name")}
    left |= {"emails": [{"value": mail["value"]}], ENTERPRISE_SCHEMA: {"department": "Sales"}}
    assert rfc("GET", f"Users/{made['id']}?excludedAttributes={excluded}").members == left
    bare = rfc("GET", f"Users/{made['id']}?excludedAttributes={ENTERPRISE_SCHEMA}").members
    assert bare == {key: value for key, value in made.items() if key != ENTERPRISE_SCHEMA}
    without = user(rfc, f"{name}-2")
    told = rfc("GET", f"Users/{without['id']}?excludedAttributes={ENTERPRISE_SCHEMA}:division")
    assert told.members == without
    assert refused(rfc("GET", f"Users/{made['id']}?attributes=a&excludedAttributes=b")) == (400, "invalidValue")
    assert refused(rfc("GET", "Users?attributes=" + ",".join(["a"] * 101))) == (400, "invalidValue")


def test_people_and_groups_are_found(rfc: Provisioner, name: str) -> None:
    mail = {"value": f"{name}@example.com", "type": "work"}
    one, two = user(rfc, name, externalId=f"e-{name}", emails=[mail])["id"], user(rfc, f"{name}-2")["id"]
    made = group(rfc, name, one)["id"]
    both = sorted([one, two])
    assert found(rfc, f'userName eq "{name.upper()}" and active eq true') == [one]
    assert found(rfc, f'userName eq "{name}" and active eq false') == []
    assert found(rfc, f'userName sw "{name}"') == both
    assert found(rfc, f'externalId eq "e-{name}"') == [one]
    assert found(rfc, f'emails.value eq "{name}@EXAMPLE.com"') == [one]
    assert found(rfc, f'id eq "{one}"') == [one]
    assert found(rfc, f'groups.value eq "{made}"') == found(rfc, f'groups[display eq "{name}"]') == [one]
    assert found(rfc, f'members eq "{one}"', "Groups") == found(rfc, f'displayName eq "{name}"', "Groups") == [made]
    assert found(rfc, f'displayName sw "{name}"', "") == [*both, made]
    assert found(rfc, f'userName sw "{name}"', "") == both
    assert refused(rfc("GET", f"?filter={quote('color pr')}")) == (400, "invalidFilter")
    given = {"filter": f'displayName sw "{name}"', "attributes": ["userName"], "startIndex": 2, "count": 1}
    told = rfc("POST", "Users/.search", given)
    assert (ids(told), told.members["totalResults"], told.members["startIndex"]) == ([both[1]], 2, 2)
    assert set(told.members["Resources"][0]) == {"schemas", "id", "userName"}
    assert len(ids(rfc("POST", ".search", {"filter": given["filter"]}))) == 3
    for wrong in ({"filter": 5}, {"count": "1"}, {"attributes": "userName"}):
        assert refused(rfc("POST", ".search", wrong)) == (400, "invalidValue")


def test_pages_have_a_start_and_a_count(rfc: Provisioner, name: str) -> None:
    made = sorted(user(rfc, f"{name}-{number}")["id"] for number in range(3))
    wanted = quote(f'userName sw "{name}-"')
    for asked, shown in (
        ("count=2", made[:2]),
        ("startIndex=3&count=2", made[2:]),
        ("startIndex=0&count=1", made[:1]),
        ("startIndex=-5&count=1", made[:1]),
        ("count=0", []),
        ("count=-1", []),
        ("startIndex=9", []),
    ):
        told = rfc("GET", f"Users?filter={wanted}&{asked}")
        assert (ids(told), told.members["totalResults"], told.members["itemsPerPage"]) == (shown, 3, len(shown))
    for wrong in ("count=x", "startIndex=1.5", "count=" + "9" * 10):
        assert refused(rfc("GET", f"Users?{wrong}")) == (400, "invalidValue")


def test_a_filter_looks_at_so_many(rfc: Provisioner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [user(rfc, f"{name}-{number}")["id"] for number in range(2)]
    group(rfc, name, *made)
    total = rfc("GET", "Users?count=0").members["totalResults"]
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 2 * total)
    two = quote(f'userName sw "{name}" and title pr')
    assert rfc("GET", f"Users?filter={two}").status == 200
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 2 * total - 1)
    assert refused(rfc("GET", f"Users?filter={two}")) == (400, "tooMany")
    assert found(rfc, f'userName eq "{name}-1" and title eq null') == [made[1]]
    members = f'displayName eq "{name}" and members.type eq "User"'
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 6)
    assert len(found(rfc, members, "Groups")) == 1
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 5)
    assert refused(rfc("GET", f"Groups?filter={quote(members)}")) == (400, "tooMany")


def test_a_page_ends_after_so_many_members(rfc: Provisioner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [user(rfc, f"{name}-{number}")["id"] for number in range(2)]
    made = [group(rfc, f"{name}-{number}", *members)["id"] for number in range(2)]
    wanted = f'displayName sw "{name}-"'
    monkeypatch.setattr(listing, "MOST_LINKS", 3)
    assert found(rfc, wanted, "Groups") == sorted(made)
    monkeypatch.setattr(listing, "MOST_LINKS", 2)
    assert found(rfc, wanted, "Groups") == sorted(made)[:1]
    assert len(ids(rfc("GET", f"Groups?excludedAttributes=members&filter={quote(wanted)}"))) == 2


def test_a_request_changes_so_many_members(rfc: Provisioner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    members = [user(rfc, f"{name}-{number}")["id"] for number in range(2)]
    monkeypatch.setattr(mode, "MOST_MEMBERS", 1)
    made = group(rfc, name, members[0])["id"]
    added = [{"value": each} for each in members]
    swapped = {"op": "replace", "path": "members", "value": added[1:]}
    assert refused(rfc.patch(f"Groups/{made}", swapped)) == (413, "tooMany")
    assert rfc.patch(f"Groups/{made}", {"op": "add", "path": "members", "value": added}).status == 204


def test_the_filters_of_a_patch_look_at_so_many(rfc: Provisioner, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = group(rfc, name, *(user(rfc, f"{name}-{number}")["id"] for number in range(2)))["id"]
    change = {"op": "add", "path": 'members[type eq "User"]', "value": {}}
    monkeypatch.setattr(patching, "_MOST_LOOKED_AT", 4 * patching._BY_FILTER)
    assert rfc.patch(f"Groups/{made}", change, change).status == 204
    assert refused(rfc.patch(f"Groups/{made}", change, change, change)) == (413, None)


def test_what_is_not_there_is_said(rfc: Provisioner) -> None:
    for method, path, status in (
        ("GET", "Me", 501),
        ("POST", "Bulk", 501),
        ("GET", "nowhere", 404),
        ("GET", "Users/nobody", 404),
        ("GET", "Users/x/y", 404),
        ("PUT", "Users", 405),
        ("GET", "Users/.search", 404),
        ("GET", "Schemas/urn:nowhere", 404),
        ("POST", "Schemas", 405),
        ("GET", "ResourceTypes?filter=x", 403),
    ):
        assert refused(rfc(method, path))[0] == status


@pytest.mark.parametrize("speaking", ["v2", "rfc/v2"])
def test_a_server_tells_what_it_does(scim: Provisioner, speaking: str) -> None:
    asked = scim.speaking(speaking)
    configuration = asked("GET", "ServiceProviderConfig").members
    claimed = [name for name, each in configuration.items() if isinstance(each, dict) and each["supported"]]
    assert sorted(claimed) == ["filter", "patch"]
    types = asked("GET", "ResourceTypes").members["Resources"]
    assert [each["name"] for each in types] == ["User", "Group"]
    schemas = {each["id"]: each for each in asked("GET", "Schemas").members["Resources"]}
    assert set(schemas) == {USER_SCHEMA, ENTERPRISE_SCHEMA, GROUP_SCHEMA}
    assert asked("GET", f"Schemas/{quote(USER_SCHEMA, safe='')}").members == schemas[USER_SCHEMA]
    assert asked("GET", "ResourceTypes/User").members == types[0]
    names = {each["name"] for each in schemas[USER_SCHEMA]["attributes"]}
    assert ({"photos", "groups"} <= names) is (speaking == "rfc/v2")
