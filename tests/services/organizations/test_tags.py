from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.services.organizations.quotas import OrganizationsQuotas
from tests.services.iam.documents import allow
from tests.services.organizations.estate import Estate, delegating
from tests.services.world import ServiceError

MOST = OrganizationsQuotas().tags_per_resource


def _tags(count: int) -> list[dict[str, str]]:
    return [{"Key": f"k{number}", "Value": ""} for number in range(count)]


@pytest.mark.parametrize("kind", ["root", "unit", "account"])
def test_tags_are_set_listed_and_removed(estate: Estate, kind: str) -> None:
    made = {"root": lambda: estate.root, "unit": lambda: estate.unit("u")}
    resource = made.get(kind, lambda: estate.account_of(estate.member()))()
    estate.call("TagResource", ResourceId=resource, Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    estate.call("TagResource", ResourceId=resource, Tags=[{"Key": "b", "Value": "3"}])
    listed = estate.call("ListTagsForResource", ResourceId=resource)["Tags"]
    assert listed == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    estate.call("UntagResource", ResourceId=resource, TagKeys=["a", "none"])
    assert estate.call("ListTagsForResource", ResourceId=resource)["Tags"] == [{"Key": "b", "Value": "3"}]


def test_what_is_not_there_cannot_be_tagged(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="TargetNotFoundException"):
        estate.call("TagResource", ResourceId="ou-abcd-12345678", Tags=_tags(1))


def test_a_resource_has_fifty_tags_at_most(estate: Estate) -> None:
    estate.call("TagResource", ResourceId=estate.root, Tags=_tags(MOST))
    estate.call("TagResource", ResourceId=estate.root, Tags=_tags(1))
    with pytest.raises(ServiceError, match="ConstraintViolationException"):
        estate.call("TagResource", ResourceId=estate.root, Tags=[{"Key": "one more", "Value": ""}])


@pytest.mark.parametrize("keys", [("a", "a"), ("aws:a",), ("AWS:a",)])
def test_tags_that_are_refused(estate: Estate, keys: tuple[str, ...]) -> None:
    tags = [{"Key": key, "Value": ""} for key in keys]
    with pytest.raises(ServiceError, match="InvalidInputException"):
        estate.call("TagResource", ResourceId=estate.root, Tags=tags)
    with pytest.raises(ServiceError, match="InvalidInputException"):
        estate.call("CreateOrganizationalUnit", ParentId=estate.root, Name="u", Tags=tags)


def test_policies_see_the_tags_of_the_resource_and_of_the_request(estate: Estate) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "organizations:TagResource",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:ResourceTag/team": "red", "aws:RequestTag/color": "blue"}},
    }
    caller = estate.world.user("tagger", [{"Version": "2012-10-17", "Statement": statement}])
    blue, green = ([{"Key": "color", "Value": color}] for color in ("blue", "green"))
    with pytest.raises(ServiceError, match="is not authorized to perform"):
        estate.call_as(caller, "TagResource", ResourceId=estate.root, Tags=blue)
    estate.call("TagResource", ResourceId=estate.root, Tags=[{"Key": "team", "Value": "red"}])
    estate.call_as(caller, "TagResource", ResourceId=estate.root, Tags=blue)
    with pytest.raises(ServiceError, match="is not authorized to perform"):
        estate.call_as(caller, "TagResource", ResourceId=estate.root, Tags=green)


@pytest.mark.parametrize(
    "operation", ["CreateOrganizationalUnit", "InviteAccountToOrganization", "PutResourcePolicy", "CreatePolicy"]
)
def test_what_is_made_with_tags_needs_the_permission_to_tag_it(estate: Estate, operation: str) -> None:
    member = estate.account_of(estate.member())
    asks: dict[str, dict[str, Any]] = {
        "CreateOrganizationalUnit": {"ParentId": estate.root, "Name": "u"},
        "InviteAccountToOrganization": {"Target": {"Type": "ACCOUNT", "Id": estate.account_of(estate.world.account())}},
        "PutResourcePolicy": {"Content": delegating(member, "organizations:ListRoots")},
        "CreatePolicy": {
            "Name": "p",
            "Description": "",
            "Type": "SERVICE_CONTROL_POLICY",
            "Content": json.dumps(allow("*")),
        },
    }
    given = asks[operation]
    tags = [{"Key": "team", "Value": "red"}]
    makes, tagging = f"organizations:{operation}", "organizations:TagResource"
    maker = estate.world.user("maker", [allow(makes)])
    tagger = estate.world.user("tagger", [allow(makes, tagging)])
    with pytest.raises(ServiceError, match=f"is not authorized to perform: {tagging}"):
        estate.call_as(maker, operation, Tags=tags, **given)
    estate.call_as(tagger, operation, Tags=tags, **given)
