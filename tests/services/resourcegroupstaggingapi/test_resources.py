"""What is tagged, and with what."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from carnet.identity.caller import AUTHENTICATOR
from carnet.services.execution import Done
from carnet.services.registry import SERVICES
from tests.services.account.test_contacts import allowing
from tests.services.iam.documents import managed
from tests.services.world import Caller, ServiceError, World

SERVICE = "resourcegroupstaggingapi"


def tags(**given: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in given.items()]


def call(world: World, operation: str, caller: Caller | None = None, **given: Any) -> dict[str, Any]:
    return world.call(caller or world.root, operation, service=SERVICE, **given)


def refused(world: World, operation: str = "GetResources", caller: Caller | None = None, **given: Any) -> str:
    with pytest.raises(ServiceError) as raised:
        call(world, operation, caller, **given)
    return raised.value.code


def profile(world: World, name: str, **given: str) -> str:
    made = world.call(world.root, "CreateInstanceProfile", InstanceProfileName=name, Path="/web/", Tags=tags(**given))
    return str(made["InstanceProfile"]["Arn"])


def found(world: World, **given: Any) -> list[str]:
    answer = call(world, "GetResources", **given)
    return [one["ResourceARN"].rpartition("/")[2] for one in answer["ResourceTagMappingList"]]


@pytest.fixture
def tagged(world: World) -> World:
    profile(world, "one", team="red", cost="1")
    profile(world, "two", team="blue")
    profile(world, "bare")
    managed(world, Tags=tags(team="red"))
    world.call(world.root, "CreateUser", UserName="alice", Tags=tags(team="red", of="user"))
    return world


def test_resources_are_listed_with_their_tags_and_users_are_not(tagged: World) -> None:
    answer = call(tagged, "GetResources")
    arns = [one["ResourceARN"] for one in answer["ResourceTagMappingList"]]
    account = tagged.account_id
    assert arns == [
        f"arn:aws:iam::{account}:instance-profile/web/one",
        f"arn:aws:iam::{account}:instance-profile/web/two",
        f"arn:aws:iam::{account}:policy/managed",
    ]
    assert answer["ResourceTagMappingList"][0]["Tags"] == tags(team="red", cost="1")
    assert answer["PaginationToken"] == ""
    assert call(tagged, "GetResources", tagged.account())["ResourceTagMappingList"] == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([{"Key": "team"}], ["one", "two", "managed"]),
        ([{"Key": "team", "Values": []}], ["one", "two", "managed"]),
        ([{"Key": "team", "Values": ["red"]}], ["one", "managed"]),
        ([{"Key": "team", "Values": ["red", "blue"]}, {"Key": "cost"}], ["one"]),
        ([{"Key": "Team"}], []),
        ([{"Key": "of"}], []),
    ],
)
def test_tag_filters(tagged: World, filters: list[dict[str, Any]], names: list[str]) -> None:
    assert found(tagged, TagFilters=filters) == names


@pytest.mark.parametrize(
    ("types", "names"),
    [
        (["iam"], ["one", "two", "managed"]),
        (["iam:policy"], ["managed"]),
        (["iam:policy", "iam:instance-profile"], ["one", "two", "managed"]),
        (["iam:role", "s3"], []),
        ([], ["one", "two", "managed"]),
    ],
)
def test_type_filters(tagged: World, types: list[str], names: list[str]) -> None:
    assert found(tagged, ResourceTypeFilters=types) == names


def test_a_list_of_arns_and_nothing_beside_it(tagged: World) -> None:
    arn = f"arn:aws:iam::{tagged.account_id}:policy/managed"
    assert found(tagged, ResourceARNList=[arn, f"{arn}-of-nobody"]) == ["managed"]
    for beside in ({"TagFilters": [{"Key": "team"}]}, {"ResourceTypeFilters": ["iam"]}, {"ResourcesPerPage": 1}):
        assert refused(tagged, ResourceARNList=[arn], **beside) == "InvalidParameterException"


def test_pages(tagged: World) -> None:
    first = call(tagged, "GetResources", ResourcesPerPage=2, PaginationToken="")
    second = call(tagged, "GetResources", ResourcesPerPage=2, PaginationToken=first["PaginationToken"])
    assert (len(first["ResourceTagMappingList"]), len(second["ResourceTagMappingList"])) == (2, 1)
    assert second["PaginationToken"] == ""
    assert refused(tagged, PaginationToken="of nobody") == "InvalidParameterException"


def test_a_page_has_no_more_tags_than_asked_for(world: World) -> None:
    many = {f"k{number}": "v" for number in range(40)}
    for name in ("a", "b", "c"):
        profile(world, name, **many)
    first = call(world, "GetResources", TagsPerPage=100)
    assert len(first["ResourceTagMappingList"]) == 2
    second = call(world, "GetResources", TagsPerPage=100, PaginationToken=first["PaginationToken"])
    assert [one["ResourceARN"][-1] for one in second["ResourceTagMappingList"]] == ["c"]
    assert len(call(world, "GetResources", TagsPerPage=120)["ResourceTagMappingList"]) == 3


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ({"ResourcesPerPage": 0}, {"ResourcesPerPage": 1}),
        ({"ResourcesPerPage": 101}, {"ResourcesPerPage": 100}),
        ({"TagsPerPage": 99}, {"TagsPerPage": 100}),
        ({"TagsPerPage": 501}, {"TagsPerPage": 500}),
        ({"TagFilters": [{"Values": ["red"]}]}, {"TagFilters": [{"Key": "x", "Values": ["red"]}]}),
        ({"ResourceTypeFilters": ["iam"] * 101}, {"ResourceTypeFilters": ["iam"] * 100}),
        ({"ExcludeCompliantResources": True}, {"ExcludeCompliantResources": True, "IncludeComplianceDetails": True}),
    ],
)
def test_limits(world: World, given: dict[str, Any], right: dict[str, Any]) -> None:
    assert refused(world, **given) == "InvalidParameterException"
    assert found(world, **right) == []


def test_without_tag_policies_every_resource_complies(tagged: World) -> None:
    (one,) = call(tagged, "GetResources", IncludeComplianceDetails=True, TagFilters=[{"Key": "cost"}])[
        "ResourceTagMappingList"
    ]
    assert one["ComplianceDetails"]["ComplianceStatus"] is True
    assert found(tagged, IncludeComplianceDetails=True, ExcludeCompliantResources=True) == []


def test_keys_and_values(tagged: World) -> None:
    assert call(tagged, "GetTagKeys") == {"TagKeys": ["cost", "team"], "PaginationToken": ""}
    assert call(tagged, "GetTagValues", Key="team") == {"TagValues": ["blue", "red"], "PaginationToken": ""}
    assert call(tagged, "GetTagValues", Key="of")["TagValues"] == []


def test_what_changes_is_seen(tagged: World) -> None:
    tagged.call(tagged.root, "UntagInstanceProfile", InstanceProfileName="two", TagKeys=["team"])
    tagged.call(tagged.root, "DeleteInstanceProfile", InstanceProfileName="one")
    assert found(tagged) == ["managed"]
    assert call(tagged, "GetTagKeys")["TagKeys"] == ["team"]


def test_resources_without_a_region_are_told_of_in_one(tagged: World) -> None:
    operation = SERVICES[SERVICE].operations["GetResources"]
    parsed = tagged.parsed(operation, tagged.principal(tagged.root), {})
    for region, count in (("us-east-1", 3), ("eu-west-1", 0)):
        caller = tagged.principal(tagged.root)
        caller = type(caller).__new__(type(caller), *(), **_members(caller, region))
        asked = structs.replace(parsed, authenticated=structs.replace(parsed.authenticated, caller=caller))
        outcome = tagged.installation.execution.read(operation, asked)
        assert isinstance(outcome, Done)
        assert len(outcome.answer["ResourceTagMappingList"]) == count  # type: ignore[arg-type]


def _members(caller: Any, region: str) -> dict[str, Any]:
    return {
        "authenticator": AUTHENTICATOR,
        "credential": caller.credential,
        "region": region,
        "service": caller.service,
        "presigned": caller.presigned,
    }


@pytest.mark.parametrize(
    ("operation", "given"), [("GetResources", {}), ("GetTagKeys", {}), ("GetTagValues", {"Key": "a"})]
)
def test_each_needs_its_own_permission(tagged: World, operation: str, given: dict[str, str]) -> None:
    reader = tagged.user("reader", [allowing(f"tag:{operation}")])
    call(tagged, operation, reader, **given)
    for other in {"GetResources", "GetTagKeys"} - {operation}:
        assert refused(tagged, other, reader) == "AccessDeniedException"
