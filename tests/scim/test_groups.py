"""Groups, provisioned by SCIM."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from carnet.services.account_quotas import set_quotas
from tests.scim.provisioner import Provisioner


def members_of(scim: Provisioner, group: str) -> set[str]:
    client = scim.server.client("identitystore")
    told = client.list_group_memberships(IdentityStoreId=scim.tenant, GroupId=group)
    return {each["MemberId"]["UserId"] for each in told["GroupMemberships"]}


def test_a_group_has_members_that_are_not_told(scim: Provisioner, name: str) -> None:
    user = scim.user(name)
    made = scim("POST", "Groups", {"displayName": name, "externalId": "g", "members": [{"value": user}]})
    assert (made.status, made.members["members"], made.members["externalId"]) == (201, [], "g")
    assert members_of(scim, made.members["id"]) == {user}
    assert scim("GET", f"Groups/{made.members['id']}").members == made.members
    assert scim("POST", "Groups", {"displayName": name.upper()}).status == 409
    assert scim("DELETE", f"Groups/{made.members['id']}").status == 204


def test_what_another_group_has_is_a_conflict(scim: Provisioner, name: str) -> None:
    scim.group(name, externalId=f"e-{name}")
    other = scim.group(f"{name}-2", externalId=f"e-{name}-2")
    for given in ({"displayName": name.upper()}, {"displayName": f"{name}-3", "externalId": f"e-{name}"}):
        told = scim("POST", "Groups", given)
        assert (told.status, told.members["detail"]) == (409, "Refused to create a new, duplicate resource.")
    assert (
        scim.patch(f"Groups/{other}", {"op": "replace", "value": {"id": other, "externalId": f"e-{name}"}}).status
        == 409
    )
    assert scim("GET", f"Groups/{other}").members["externalId"] == f"e-{name}-2"


def test_members_come_and_go_by_patch(scim: Provisioner, name: str) -> None:
    first, second, group = scim.user(name), scim.user(f"{name}-2"), scim.group(name)
    path, both = f"Groups/{group}", [{"value": first}, {"value": second}]
    for operation, left in (
        ({"op": "add", "path": "members", "value": both}, {first, second}),
        ({"op": "add", "value": {"members": [{"value": first}]}}, {first, second}),
        ({"op": "remove", "path": f'members[value eq "{first}"]'}, {second}),
        ({"op": "remove", "path": "members", "value": both}, set()),
    ):
        told = scim.patch(path, operation)
        assert (told.status, told.members) == (204, {})
        assert members_of(scim, group) == left
    scim.patch(path, {"op": "replace", "value": {"id": group, "displayName": f"{name}-new", "externalId": f"x{name}"}})
    shown = scim("GET", path).members
    assert (shown["displayName"], shown["externalId"]) == (f"{name}-new", f"x{name}")


def test_all_members_are_not_replaced_and_not_removed(scim: Provisioner, name: str) -> None:
    user = scim.user(name)
    group = scim.group(name, members=[{"value": user}])
    for operation in (
        {"op": "replace", "path": "members", "value": []},
        {"op": "replace", "value": {"members": []}},
        {"op": "remove", "path": "members"},
    ):
        told = scim.patch(f"Groups/{group}", operation)
        assert (told.status, told.members["detail"]) == (400, "Replacing group memberships is not supported")
    assert scim("PUT", f"Groups/{group}", {"displayName": name}).status == 405
    assert members_of(scim, group) == {user}


@pytest.mark.parametrize(("count", "status"), [(100, 404), (101, 400)])
def test_a_request_changes_so_many_members(scim: Provisioner, name: str, count: int, status: int) -> None:
    nobody = [{"value": f"nobody{number}"} for number in range(count)]
    assert scim.patch(f"Groups/{scim.group(name)}", {"op": "add", "path": "members", "value": nobody}).status == status
    assert scim("POST", "Groups", {"displayName": f"{name}-2", "members": nobody}).status == status
    wanted = f'displayName eq "{name}-2"'
    assert scim("GET", f"Groups?filter={quote(wanted)}").members["Resources"] == []


@pytest.mark.parametrize(
    "given", [{}, {"displayName": ""}, {"displayName": "x", "members": "y"}, {"displayName": "x", "owner": "y"}]
)
def test_what_breaks_the_schema_is_refused(scim: Provisioner, given: Any) -> None:
    assert scim("POST", "Groups", given).status == 400


def test_groups_are_found_by_name_external_id_and_member(scim: Provisioner, name: str) -> None:
    user = scim.user(name)
    group = scim.group(name, externalId=f"e-{name}", members=[{"value": user}])
    for wanted, found in (
        (f'displayName eq "{name}"', [group]),
        (f'externalId eq "e-{name}"', [group]),
        (f'id eq "{group}" and members eq "{user}"', [group]),
        (f'id eq "{group}" and members.value eq "other"', []),
        (f'members.value eq "{user}"', [group]),
    ):
        told = scim("GET", f"Groups?filter={quote(wanted)}").members["Resources"]
        assert [each["id"] for each in told] == found
    wanted = 'description eq "x"'
    assert scim("GET", f"Groups?filter={quote(wanted)}").status == 400


def test_a_store_holds_as_many_as_the_operator_lets_its_owner_have(scim: Provisioner, name: str) -> None:
    here, owner = scim.server.installation, scim.server.root.account
    there = len(scim.server.client("identitystore").list_groups(IdentityStoreId=scim.tenant)["Groups"])

    def limit(number: int | None) -> None:
        changes = {"identity_store_groups": number}
        set_quotas(here.operator_call(), account=owner, changes=changes)
        here.directory.catch_up()

    limit(there)
    try:
        refused = scim("POST", "Groups", {"displayName": name})
        assert (refused.status, f"{there} groups at most" in refused.members["detail"]) == (403, True)
    finally:
        limit(None)
    assert scim.group(name)
