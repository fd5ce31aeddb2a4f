"""Managed policies attached to users, groups and roles."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.catalog.managed_policies import managed_policies
from tests.services.iam.documents import managed, trust
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


class Holder:
    """One entity of a kind that policies are attached to."""

    def __init__(self, world: World, kind: str) -> None:
        self.world = world
        self.kind = kind
        self.given = {f"{kind}Name": "x"}
        extra = {"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{world.account_id}:root")} if kind == "Role" else {}
        world.call(world.root, f"Create{kind}", **self.given, **extra)

    def attach(self, arn: str) -> None:
        self.world.call(self.world.root, f"Attach{self.kind}Policy", **self.given, PolicyArn=arn)

    def detach(self, arn: str) -> None:
        self.world.call(self.world.root, f"Detach{self.kind}Policy", **self.given, PolicyArn=arn)

    def attached(self, **given: Any) -> dict[str, Any]:
        return self.world.call(self.world.root, f"ListAttached{self.kind}Policies", **self.given, **given)

    def refused(self, verb: str, arn: str) -> tuple[str, str]:
        return refused(self.world, self.world.root, f"{verb}{self.kind}Policy", **self.given, PolicyArn=arn)


@pytest.fixture(params=["User", "Group", "Role"])
def holder(world: World, request: pytest.FixtureRequest) -> Holder:
    return Holder(world, request.param)


def test_policies_are_attached_and_detached(holder: Holder) -> None:
    own = managed(holder.world, "own", Path="/p/")
    holder.attach(READ_ONLY)
    holder.attach(own)
    assert holder.attached() == {
        "AttachedPolicies": [
            {"PolicyName": "own", "PolicyArn": own},
            {"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY},
        ],
        "IsTruncated": False,
    }
    holder.detach(own)
    assert [each["PolicyArn"] for each in holder.attached()["AttachedPolicies"]] == [READ_ONLY]


def test_attaching_again_writes_nothing(holder: Holder) -> None:
    holder.attach(READ_ONLY)
    world = holder.world
    changes_nothing(world, world.root, f"Attach{holder.kind}Policy", **holder.given, PolicyArn=READ_ONLY)


def test_what_is_not_attached_cannot_be_detached(holder: Holder) -> None:
    expected = ("NoSuchEntity", f"Policy {READ_ONLY} was not found.")
    assert holder.refused("Detach", READ_ONLY) == expected
    holder.attach(READ_ONLY)
    holder.detach(READ_ONLY)
    assert holder.refused("Detach", READ_ONLY) == expected


def test_a_policy_must_exist(holder: Holder) -> None:
    for arn in (f"arn:aws:iam::{holder.world.account_id}:policy/none", "arn:aws:iam::aws:policy/None"):
        assert holder.refused("Attach", arn) == ("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("this is not an ARN at all", "Invalid ARN:  Could not be parsed!"),
        ("arn:aws:iam::111122223333:role/x", "ARN arn:aws:iam::111122223333:role/x is not valid."),
    ],
)
def test_only_policies_are_attached(holder: Holder, arn: str, message: str) -> None:
    assert holder.refused("Attach", arn) == ("ValidationError", message)
    assert holder.refused("Detach", arn) == ("ValidationError", message)


def test_a_policy_of_another_partition_is_not_attached(holder: Holder) -> None:
    arn = "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"
    assert holder.refused("Attach", arn) == ("ValidationError", "Invalid ARN partition")


def test_policies_of_service_linked_roles_are_not_attachable(holder: Holder) -> None:
    kept = next(policy for policy in managed_policies() if not policy.attachable)
    assert holder.refused("Attach", kept.arn) == (
        "PolicyNotAttachable",
        f"Cannot attach a Service Role Policy to a Customer {holder.kind}.",
    )


def test_attached_policies_have_a_quota(holder: Holder) -> None:
    most = 20 if holder.kind == "Role" else 10
    for policy in [policy for policy in managed_policies() if policy.attachable][:most]:
        holder.attach(policy.arn)
    assert holder.refused("Attach", managed(holder.world)) == (
        "LimitExceeded",
        f"Cannot exceed quota for PoliciesPer{holder.kind}: {most}",
    )


def test_attached_policies_are_listed_by_path_and_page(holder: Holder) -> None:
    world = holder.world
    arns = [managed(world, name, Path=path) for name, path in (("c", "/x/"), ("A", "/x/y/"), ("b", "/x/"), ("d", "/"))]
    for arn in arns:
        holder.attach(arn)
    first = holder.attached(PathPrefix="/x/", MaxItems=2)
    assert [each["PolicyName"] for each in first["AttachedPolicies"]] == ["A", "b"]
    rest = holder.attached(PathPrefix="/x/", Marker=first["Marker"])
    assert [each["PolicyName"] for each in rest["AttachedPolicies"]] == ["c"]


def test_an_own_policy_may_be_called_as_one_of_aws(holder: Holder) -> None:
    own = managed(holder.world, "ReadOnlyAccess")
    holder.attach(own)
    holder.attach(READ_ONLY)
    first = holder.attached(MaxItems=1)
    rest = holder.attached(Marker=first["Marker"])
    assert {each["PolicyArn"] for each in first["AttachedPolicies"] + rest["AttachedPolicies"]} == {own, READ_ONLY}
