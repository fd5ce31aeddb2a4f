"""Tagging resources of another service, which has a say in it."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.services.execution import Done
from carnet.services.registry import SERVICES
from tests.services.account.test_contacts import allowing
from tests.services.iam.documents import managed, trust
from tests.services.resourcegroupstaggingapi.test_resources import call, profile, refused, tags
from tests.services.world import Caller, World


@pytest.fixture
def arns(world: World) -> dict[str, str]:
    user = world.call(world.root, "CreateUser", UserName="alice", Path="/team/")["User"]["Arn"]
    document = trust(world.principal(world.root).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="reader", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    return {"user": user, "role": role, "policy": managed(world), "profile": profile(world, "web")}


def failures(world: World, operation: str, caller: Caller | None = None, **given: Any) -> dict[str, tuple[str, int]]:
    told = call(world, operation, caller, **given)["FailedResourcesMap"]
    return {arn: (one["ErrorCode"], one["StatusCode"]) for arn, one in told.items()}


def tags_of(world: World, arns: dict[str, str]) -> list[Any]:
    return [
        world.call(world.root, operation, **given)["Tags"]
        for operation, given in (
            ("ListUserTags", {"UserName": "alice"}),
            ("ListRoleTags", {"RoleName": "reader"}),
            ("ListPolicyTags", {"PolicyArn": arns["policy"]}),
            ("ListInstanceProfileTags", {"InstanceProfileName": "web"}),
        )
    ]


def test_users_roles_policies_and_instance_profiles_are_tagged_and_untagged(world: World, arns: dict[str, str]) -> None:
    given: dict[str, Any] = {"ResourceARNList": list(arns.values())}
    assert failures(world, "TagResources", Tags={"team": "red", "cost": ""}, **given) == {}
    assert tags_of(world, arns) == [tags(cost="", team="red")] * 4
    assert failures(world, "UntagResources", TagKeys=["team", "none"], **given) == {}
    assert tags_of(world, arns) == [tags(cost="")] * 4


def test_the_permission_of_the_resource_s_service_is_needed_too(world: World, arns: dict[str, str]) -> None:
    both = world.user("both", [allowing("tag:*"), allowing("iam:TagUser", arns["user"])])
    given: dict[str, Any] = {"ResourceARNList": [arns["user"], arns["policy"]], "Tags": {"team": "red"}}
    told = call(world, "TagResources", both, **given)["FailedResourcesMap"]
    assert told.keys() == {arns["policy"]}
    failure = told[arns["policy"]]
    assert (failure["ErrorCode"], failure["StatusCode"]) == ("AccessDenied", 403)
    assert "is not authorized to perform: iam:TagPolicy on resource" in failure["ErrorMessage"]
    assert tags_of(world, arns) == [tags(team="red"), [], [], []]
    assert failures(world, "UntagResources", both, ResourceARNList=[arns["user"]], TagKeys=["team"]) == {
        arns["user"]: ("AccessDenied", 403)
    }
    only = world.user("only", [allowing("iam:*")])
    assert refused(world, "TagResources", only, **given) == "AccessDeniedException"
    assert refused(world, "UntagResources", only, ResourceARNList=[arns["user"]], TagKeys=["a"]) == (
        "AccessDeniedException"
    )


def test_condition_keys_are_those_of_the_service_s_own_operation(world: World, arns: dict[str, str]) -> None:
    condition = {
        "StringEquals": {"aws:RequestTag/team": "red"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    tagger = world.user("tagger", [allowing("tag:TagResources"), allowing("iam:Tag*", condition=condition)])
    given: dict[str, Any] = {"ResourceARNList": [arns["role"]]}
    assert failures(world, "TagResources", tagger, Tags={"team": "red"}, **given) == {}
    assert failures(world, "TagResources", tagger, Tags={"team": "blue"}, **given) == {
        arns["role"]: ("AccessDenied", 403)
    }
    assert failures(world, "TagResources", tagger, Tags={"team": "red", "x": "y"}, **given) != {}


def test_the_decisions_on_each_resource_are_in_the_event(world: World, arns: dict[str, str]) -> None:
    tagger = world.user("tagger", [allowing("tag:TagResources")])
    operation = SERVICES["resourcegroupstaggingapi"].operations["TagResources"]
    given: dict[str, Any] = {"ResourceARNList": [arns["role"]], "Tags": {"team": "red"}}
    outcome = world.installation.execution.write(operation, world.parsed(operation, world.principal(tagger), given))
    assert isinstance(outcome, Done)
    decisions = outcome.event["additionalEventData"]["decisions"]
    assert [one["action"] for one in decisions] == ["tag:TagResources", "iam:TagRole"]


def test_what_is_not_there_is_told_to_those_only_who_may_tag_it(world: World, arns: dict[str, str]) -> None:
    elsewhere = arns["user"].replace("/team/", "/other/")
    nobody = f"{arns['policy']}-of-nobody"
    foreign = arns["role"].replace(world.account_id, "999999999999")
    of_aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    given: dict[str, Any] = {"ResourceARNList": [elsewhere, nobody, foreign, of_aws], "Tags": {"team": "red"}}
    told = failures(world, "TagResources", **given)
    assert told[elsewhere] == told[nobody] == ("NoSuchEntity", 404)
    assert told[foreign] == told[of_aws] == ("AccessDenied", 403)
    stranger = world.user("stranger", [allowing("tag:*")])
    assert set(failures(world, "TagResources", stranger, **given).values()) == {("AccessDenied", 403)}
    assert tags_of(world, arns)[0] == []


def test_other_kinds_and_what_is_no_arn(world: World, arns: dict[str, str]) -> None:
    bucket, group = "arn:aws:s3:::bucket", arns["role"].replace("role/", "group/")
    given: dict[str, Any] = {"ResourceARNList": [bucket, group, arns["role"], arns["role"]], "Tags": {"team": "red"}}
    assert failures(world, "TagResources", **given) == dict.fromkeys(
        (bucket, group), ("InvalidParameterException", 400)
    )
    given["ResourceARNList"] = [arns["user"], "alice"]
    assert refused(world, "TagResources", **given) == "InvalidParameterException"
    assert tags_of(world, arns)[:2] == [[], tags(team="red")]


@pytest.mark.parametrize(
    ("given", "code", "status"),
    [
        ({"aws:team": "red"}, "InvalidInput", 400),
        ({"team!": "red"}, "ValidationError", 400),
        ({"team": "red;"}, "ValidationError", 400),
        ({f"k{number}": "" for number in range(50)}, "LimitExceeded", 409),
    ],
)
def test_tags_that_the_service_does_not_take(
    world: World, arns: dict[str, str], given: dict[str, str], code: str, status: int
) -> None:
    call(world, "TagResources", ResourceARNList=[arns["role"]], Tags={"Größe 1_.:/=+-@": "Größe 1_.:/=+-@"})
    before = tags_of(world, arns)
    assert failures(world, "TagResources", ResourceARNList=[arns["role"]], Tags=given) == {arns["role"]: (code, status)}
    assert tags_of(world, arns) == before
