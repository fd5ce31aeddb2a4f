from __future__ import annotations

import pytest

from carnet.services.organizations.quotas import OrganizationsQuotas
from carnet.services.organizations.service import organizations
from tests.services.iam.expect import set_quotas
from tests.services.organizations.estate import Estate
from tests.services.world import ServiceError

DEPTH = OrganizationsQuotas().organizational_unit_depth


def test_a_unit_is_made_described_renamed_and_removed(estate: Estate) -> None:
    made = estate.call("CreateOrganizationalUnit", ParentId=estate.root, Name="Sandbox")["OrganizationalUnit"]
    assert made["Id"].startswith(f"ou-{estate.root.removeprefix('r-')}-")
    assert made == {
        "Id": made["Id"],
        "Arn": f"arn:aws:organizations::{estate.world.account_id}:ou/{estate.organization}/{made['Id']}",
        "Name": "Sandbox",
        "Path": f"{estate.organization}/{estate.root}/{made['Id']}/",
    }
    unit = {"OrganizationalUnitId": made["Id"]}
    assert estate.call("DescribeOrganizationalUnit", **unit)["OrganizationalUnit"] == made
    renamed = estate.call("UpdateOrganizationalUnit", **unit, Name="Play")["OrganizationalUnit"]
    assert renamed == {**made, "Name": "Play"}
    estate.call("DeleteOrganizationalUnit", **unit)
    with pytest.raises(ServiceError, match="OrganizationalUnitNotFoundException"):
        estate.call("DescribeOrganizationalUnit", **unit)


def test_a_name_is_unique_among_siblings(estate: Estate) -> None:
    first, second = estate.unit("one"), estate.unit("two")
    estate.unit("one", first)
    with pytest.raises(ServiceError, match="DuplicateOrganizationalUnitException"):
        estate.unit("one")
    with pytest.raises(ServiceError, match="DuplicateOrganizationalUnitException"):
        estate.call("UpdateOrganizationalUnit", OrganizationalUnitId=second, Name="one")


def test_there_are_so_many_units(estate: Estate, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateOrganizationalUnit", organizations, organizational_units=2)
    estate.unit("below", estate.unit("one"))
    with pytest.raises(ServiceError, match="ConstraintViolationException") as refused:
        estate.unit("three")
    assert refused.value.members == {"Reason": "OU_NUMBER_LIMIT_EXCEEDED"}


def test_units_are_five_levels_deep_at_most(estate: Estate) -> None:
    parent = estate.root
    for level in range(DEPTH):
        parent = estate.unit(f"level {level}", parent)
    with pytest.raises(ServiceError, match="ConstraintViolationException"):
        estate.unit("too deep", parent)


def test_a_unit_that_holds_something_stays(estate: Estate) -> None:
    outer = estate.unit("outer")
    inner = estate.unit("inner", outer)
    for full in (outer, inner):
        if full is inner:
            estate.member(inner)
        with pytest.raises(ServiceError, match="OrganizationalUnitNotEmptyException"):
            estate.call("DeleteOrganizationalUnit", OrganizationalUnitId=full)


def test_the_root_is_no_unit(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="OrganizationalUnitNotFoundException"):
        estate.call("DeleteOrganizationalUnit", OrganizationalUnitId=estate.root)


def test_children_and_parents(estate: Estate) -> None:
    outer = estate.unit("outer")
    inner = estate.unit("inner", outer)
    account = estate.account_of(estate.member(outer))
    assert estate.call("ListChildren", ParentId=outer, ChildType="ORGANIZATIONAL_UNIT")["Children"] == [
        {"Id": inner, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert estate.call("ListChildren", ParentId=outer, ChildType="ACCOUNT")["Children"] == [
        {"Id": account, "Type": "ACCOUNT"}
    ]
    assert estate.call("ListParents", ChildId=inner)["Parents"] == [{"Id": outer, "Type": "ORGANIZATIONAL_UNIT"}]
    assert estate.call("ListParents", ChildId=outer)["Parents"] == [{"Id": estate.root, "Type": "ROOT"}]
    units = estate.call("ListOrganizationalUnitsForParent", ParentId=estate.root)["OrganizationalUnits"]
    assert [unit["Name"] for unit in units] == ["outer"]
    with pytest.raises(ServiceError, match="ParentNotFoundException"):
        estate.call("ListChildren", ParentId="ou-abcd-12345678", ChildType="ACCOUNT")
    with pytest.raises(ServiceError, match="ChildNotFoundException"):
        estate.call("ListParents", ChildId=estate.root)


@pytest.mark.parametrize("given", [{}, {"Name": " "}])
def test_a_unit_without_a_new_name_keeps_its_own(estate: Estate, given: dict[str, str]) -> None:
    unit = estate.unit("Sandbox")
    told = estate.call("UpdateOrganizationalUnit", OrganizationalUnitId=unit, **given)["OrganizationalUnit"]
    kept = estate.call("DescribeOrganizationalUnit", OrganizationalUnitId=unit)["OrganizationalUnit"]
    assert (told["Name"], kept["Name"]) == ("Sandbox", "Sandbox")
