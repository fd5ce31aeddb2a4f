"""The Regions that an account has enabled, as Account Management and EC2 tell of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.account.test_contacts import allowing, call, refused
from tests.services.world import Caller, ServiceError, World

KEPT = ("ValidationException", "Unable to switch region status because of its current opt-in status.")


def described(world: World, caller: Caller | None = None, **given: Any) -> list[str]:
    answer = world.call(caller or world.root, "DescribeRegions", service="ec2", **given)
    return [region["RegionName"] for region in answer["Regions"]]


def refusal(world: World, **given: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as raised:
        described(world, **given)
    return raised.value.code, raised.value.message


def status(world: World, name: str) -> str:
    return str(call(world, world.root, "GetRegionOptStatus", RegionName=name)["RegionOptStatus"])


def test_a_region_is_enabled_and_disabled(world: World) -> None:
    assert (status(world, "us-east-1"), status(world, "af-south-1")) == ("ENABLED_BY_DEFAULT", "DISABLED")
    for operation, afterwards in (("EnableRegion", "ENABLED"), ("DisableRegion", "DISABLED")):
        call(world, world.root, operation, RegionName="af-south-1")
        assert status(world, "af-south-1") == afterwards
        assert refused(world, world.root, operation, RegionName="af-south-1") == KEPT
        assert status(world, "af-south-1") == afterwards


def test_contacts_and_regions_are_kept_side_by_side(world: World) -> None:
    call(world, world.root, "EnableRegion", RegionName="af-south-1")
    call(world, world.root, "PutAccountName", AccountName="x")
    contact = dict.fromkeys(("FullName", "AddressLine1", "City", "PostalCode", "PhoneNumber"), "1") | {
        "CountryCode": "GB"
    }
    call(world, world.root, "PutContactInformation", ContactInformation=contact)
    assert status(world, "af-south-1") == "ENABLED"
    assert call(world, world.root, "GetContactInformation")["ContactInformation"] == contact


@pytest.mark.parametrize("operation", ["EnableRegion", "DisableRegion"])
def test_other_regions_cannot_be_changed(world: World, operation: str) -> None:
    assert refused(world, world.root, operation, RegionName="us-east-1") == KEPT
    for name in ("cn-north-1", "nowhere"):
        sentence = f"{name} is not a valid region for opt-in or opt-out."
        with pytest.raises(ServiceError) as raised:
            call(world, world.root, operation, RegionName=name)
        assert (raised.value.code, raised.value.message) == ("ValidationException", sentence)
        assert raised.value.members == {
            "reason": "fieldValidationFailed",
            "fieldList": [{"name": "RegionName", "message": sentence}],
        }


def test_regions_are_listed_by_status_and_in_pages(world: World) -> None:
    call(world, world.root, "EnableRegion", RegionName="af-south-1")
    enabled = call(world, world.root, "ListRegions", RegionOptStatusContains=["ENABLED"])["Regions"]
    assert enabled == [{"RegionName": "af-south-1", "RegionOptStatus": "ENABLED"}]
    names: list[str] = []
    token: dict[str, Any] = {}
    while True:
        answer = call(world, world.root, "ListRegions", MaxResults=20, **token)
        names += [region["RegionName"] for region in answer["Regions"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert names == [region["RegionName"] for region in call(world, world.root, "ListRegions")["Regions"]]
    assert len(names) == 36


def test_the_region_is_a_condition_key(world: World) -> None:
    condition = {"StringEquals": {"account:TargetRegion": "af-south-1"}}
    admin = world.user("admin", [allowing("account:*Region*", condition=condition)])
    call(world, admin, "EnableRegion", RegionName="af-south-1")
    call(world, admin, "GetRegionOptStatus", RegionName="af-south-1")
    for operation in ("EnableRegion", "DisableRegion", "GetRegionOptStatus"):
        assert refused(world, admin, operation, RegionName="ap-east-1")[0] == "AccessDeniedException"


def test_ec2_tells_of_the_regions_that_can_be_used(world: World) -> None:
    assert len(described(world)) == 17
    call(world, world.root, "EnableRegion", RegionName="af-south-1")
    assert len(described(world)) == 18
    assert len(described(world, AllRegions=True)) == 36
    assert described(world, RegionNames=["me-south-1", "af-south-1", "af-south-1"]) == ["af-south-1", "me-south-1"]
    first = world.call(world.root, "DescribeRegions", service="ec2", RegionNames=["af-south-1"])["Regions"][0]
    assert first == {
        "RegionName": "af-south-1",
        "Endpoint": "ec2.af-south-1.amazonaws.com",
        "OptInStatus": "opted-in",
    }


@pytest.mark.parametrize("values", [["eu-*-1"], ["eu-???th-1", "eu-west-1", "eu-central-1"]])
def test_ec2_filters_the_regions(world: World, values: list[str]) -> None:
    names = described(world, Filters=[{"Name": "region-name", "Values": values}])
    assert names == ["eu-central-1", "eu-north-1", "eu-west-1"]
    both = [{"Name": "region-name", "Values": ["eu-*"]}, {"Name": "opt-in-status", "Values": ["not-opted-in"]}]
    assert described(world, Filters=both, AllRegions=True) == ["eu-central-2", "eu-south-1", "eu-south-2"]


def test_a_filter_with_many_wildcards_takes_no_time(world: World) -> None:
    assert described(world, Filters=[{"Name": "endpoint", "Values": ["*a" * 2_000 + "z"]}]) == []


def test_what_ec2_refuses(world: World) -> None:
    assert refusal(world, RegionNames=["nowhere"]) == ("InvalidParameterValue", "Invalid region: nowhere")
    assert refusal(world, Filters=[{"Name": "colour", "Values": ["red"]}])[0] == "InvalidParameterValue"
    assert refusal(world, Filters=[{}])[0] == "InvalidParameterValue"
    assert refusal(world, DryRun=True)[0] == "DryRunOperation"
    stranger = world.user("stranger")
    assert refusal(world, caller=stranger, DryRun=True)[0] == "UnauthorizedOperation"
    assert len(described(world, world.user("reader", [allowing("ec2:DescribeRegions")]))) == 17


def test_another_partition_has_other_regions(world: World) -> None:
    assert described(world, world.account("aws-cn")) == ["cn-north-1", "cn-northwest-1"]
