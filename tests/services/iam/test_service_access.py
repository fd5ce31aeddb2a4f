"""Which services policies let somebody access, and ListPoliciesGrantingServiceAccess. Cases recorded from AWS."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.base.faults import Refused
from carnet.policy.document import Grammar, Policy, understand
from carnet.services.iam import service_access
from carnet.services.iam.service_access import accessible_services, granting
from tests.services.iam.documents import allow, deny, managed, text
from tests.services.iam.expect import refused
from tests.services.wire import fits_the_model
from tests.services.world import World

OPERATION = "ListPoliciesGrantingServiceAccess"
ASKED = ["s3", "sqs", "iam"]


def policy(*statements: dict[str, Any]) -> Policy:
    document = {"Version": "2012-10-17", "Statement": [one["Statement"] for one in statements]}
    flat = [each for one in document["Statement"] for each in (one if isinstance(one, list) else [one])]
    return understand(text({"Version": "2012-10-17", "Statement": flat}), Grammar.IDENTITY)


def without(effect: str, **elements: Any) -> dict[str, Any]:
    return {"Statement": {"Effect": effect, **elements}}


IF_NOBODY = {"StringEquals": {"aws:username": "nobody"}}
BUCKET = "arn:aws:s3:::bucket/*"


@pytest.mark.parametrize(
    ("statements", "reported", "listed"),
    [
        ([allow("s3:GetObject")], {"s3"}, {"s3"}),
        ([allow("S3:GETOBJECT")], {"s3"}, {"s3"}),
        ([allow("s3:Get*", "sqs:*")], {"s3", "sqs"}, {"s3", "sqs"}),
        ([allow("s3:NoSuchAction")], set(), {"s3"}),
        ([allow("nothing:Read")], set(), set()),
        ([allow("s3:GetObject", condition=IF_NOBODY)], {"s3"}, {"s3"}),
        ([allow("s3:GetObject"), deny("s3:*")], set(), set()),
        ([allow("s3:GetObject"), deny("*")], set(), set()),
        ([allow("s3:GetObject"), deny("s3:GetObject")], set(), {"s3"}),
        ([allow("s3:Get*"), deny("s3:GetObject")], {"s3"}, {"s3"}),
        ([allow("s3:GetObject"), deny("s3:*", resource=BUCKET)], {"s3"}, {"s3"}),
        ([allow("s3:GetObject"), deny("s3:*", condition=IF_NOBODY)], {"s3"}, {"s3"}),
        ([allow("s3:GetObject", resource=BUCKET)], {"s3"}, {"s3"}),
        ([allow("s3:GetObject", resource="arn:aws:sqs:*:*:queue")], set(), set()),
        ([allow("s3:ListAllMyBuckets", resource=BUCKET)], set(), {"s3"}),
        ([allow("iam:GetUser", resource="arn:aws:iam::*:user/*")], {"iam"}, {"iam"}),
        ([allow("iam:GetUser", resource="arn:aws:*")], {"iam"}, {"iam"}),
        ([without("Allow", Action="s3:GetObject", NotResource="*")], set(), set()),
        ([without("Allow", Action="s3:GetObject", NotResource=BUCKET)], {"s3"}, {"s3"}),
        ([without("Allow", NotAction="s3:*", Resource="*")], {"sqs", "iam"}, {"sqs", "iam"}),
        ([without("Allow", NotAction=["s3:Get*", "sqs:*"], Resource="*")], {"s3", "iam"}, {"s3", "iam"}),
        ([allow("*"), without("Deny", NotAction="iam:*", Resource="*")], {"iam"}, {"iam"}),
        ([deny("s3:*")], set(), set()),
    ],
)
def test_what_could_be_accessed(statements: list[dict[str, Any]], reported: set[str], listed: set[str]) -> None:
    found = policy(*statements)
    assert accessible_services([found], with_actions=False).keys() & set(ASKED) == reported
    assert granting(found, ASKED) == listed


def test_a_deny_of_one_policy_acts_on_the_grants_of_others_in_a_report_alone() -> None:
    grants, denies = policy(allow("s3:GetObject")), policy(deny("s3:*"))
    assert accessible_services([grants, denies], with_actions=False) == {}
    assert granting(grants, ASKED) == {"s3"}


def test_all_actions_that_are_allowed_are_told() -> None:
    found = accessible_services(
        [policy(allow("iam:GetUser*", "iam:PassRole"), deny("iam:PassRole"))], with_actions=True
    )
    assert found == {"iam": ["GetUser", "GetUserPolicy"]}
    assert len(accessible_services([policy(allow("*"))], with_actions=False)) > 400


def test_a_report_reads_so_many_patterns_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = policy(allow(*(f"ec2:*x{number}*" for number in range(500))))
    with monkeypatch.context() as patched:
        patched.setattr(service_access, "_MOST_MATCHES", 1000)
        with pytest.raises(Refused, match="name too many actions"):
            accessible_services([hostile], with_actions=False)
    assert accessible_services([hostile], with_actions=False) == {}


@pytest.fixture
def shared(world: World) -> str:
    """The ARN of a policy of alice, who is also in a group."""
    arn = managed(world, "shared", PolicyDocument=text(allow("sqs:SendMessage", "s3:GetObject")))
    world.user("alice", [allow("s3:GetObject", "iam:GetUser")])
    world.call(world.root, "AttachUserPolicy", UserName="alice", PolicyArn=arn)
    world.call(world.root, "CreateGroup", GroupName="g")
    world.call(world.root, "PutGroupPolicy", GroupName="g", PolicyName="z", PolicyDocument=text(allow("iam:GetUser")))
    world.call(world.root, "AttachGroupPolicy", GroupName="g", PolicyArn=arn)
    world.call(world.root, "AddUserToGroup", GroupName="g", UserName="alice")
    return arn


def test_a_user_has_the_policies_of_its_groups_too(world: World, shared: str) -> None:
    asked: dict[str, Any] = {
        "Arn": f"arn:aws:iam::{world.account_id}:user/alice",
        "ServiceNamespaces": ["s3", "s3", "iam", "kms"],
    }
    answer = world.call(world.root, OPERATION, **asked)
    assert fits_the_model(OPERATION, answer)
    managed_one = {"PolicyName": "shared", "PolicyType": "MANAGED", "PolicyArn": shared}
    own = {"PolicyName": "p0", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": "alice"}
    of_group = {"PolicyName": "z", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": "g"}
    assert answer["PoliciesGrantingServiceAccess"] == [
        {"ServiceNamespace": "s3", "Policies": [managed_one, own]},
        {"ServiceNamespace": "iam", "Policies": [own, of_group]},
        {"ServiceNamespace": "kms", "Policies": []},
    ]


def test_a_group_has_its_own_policies_and_a_boundary_grants_nothing(world: World, shared: str) -> None:
    arn = f"arn:aws:iam::{world.account_id}"
    (entry,) = world.call(world.root, OPERATION, Arn=f"{arn}:group/g", ServiceNamespaces=["iam"])[
        "PoliciesGrantingServiceAccess"
    ]
    assert [each["PolicyName"] for each in entry["Policies"]] == ["z"]
    world.call(world.root, "CreateUser", UserName="bound", PermissionsBoundary=shared)
    (entry,) = world.call(world.root, OPERATION, Arn=f"{arn}:user/bound", ServiceNamespaces=["s3"])[
        "PoliciesGrantingServiceAccess"
    ]
    assert entry["Policies"] == []


def test_services_are_paged_in_the_order_that_they_are_asked_for(world: World, shared: str) -> None:
    names = sorted(accessible_services([policy(allow("*"))], with_actions=False), reverse=True)[:102]
    asked: dict[str, Any] = {"Arn": f"arn:aws:iam::{world.account_id}:user/alice", "ServiceNamespaces": names}
    first = world.call(world.root, OPERATION, **asked)
    second = world.call(world.root, OPERATION, **asked, Marker=first["Marker"])
    found = [*first["PoliciesGrantingServiceAccess"], *second["PoliciesGrantingServiceAccess"]]
    assert [each["ServiceNamespace"] for each in found] == names
    assert (len(first["PoliciesGrantingServiceAccess"]), second["IsTruncated"]) == (100, False)


def test_what_cannot_be_listed_is_told_so(world: World, shared: str) -> None:
    arn = f"arn:aws:iam::{world.account_id}"
    asked: dict[str, Any] = {"Arn": f"{arn}:user/alice", "ServiceNamespaces": ["s3", "S3", "nothing"]}
    assert refused(world, world.root, OPERATION, **asked) == (
        "InvalidInput",
        "Invalid service namespace: [S3, nothing]",
    )
    for resource in ("root", "policy/shared"):
        asked = {"Arn": f"{arn}:{resource}", "ServiceNamespaces": ["s3"]}
        assert refused(world, world.root, OPERATION, **asked) == (
            "InvalidInput",
            f"Could not extract entity from ARN : {arn}:{resource}",
        )
    asked = {"Arn": f"{arn}:user/nobody", "ServiceNamespaces": ["s3"]}
    assert refused(world, world.root, OPERATION, **asked) == ("NoSuchEntity", f"ARN {arn}:user/nobody does not exist.")
