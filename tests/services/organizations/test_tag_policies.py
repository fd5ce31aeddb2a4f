from __future__ import annotations

import json
from typing import Any

import pytest

from tests.services.iam.documents import allow, text, trust
from tests.services.organizations.estate import Estate, delegating
from tests.services.organizations.policies import a_policy, attach, enable
from tests.services.world import Caller, ServiceError

VALUE = "The tag policy does not allow the specified value for the following tag key: 'CostCenter'."


@pytest.fixture
def member(estate: Estate) -> Caller:
    enable(estate, "TAG_POLICY")
    return estate.member()


def enforced(estate: Estate, *types: str, values: tuple[str, ...] = ("100", "2*x"), key: str = "CostCenter") -> None:
    """A tag policy at the root."""
    rule: dict[str, Any] = {"tag_key": {"@@assign": key}, "enforced_for": {"@@assign": types}}
    if values:
        rule["tag_value"] = {"@@assign": values}
    policy = a_policy(estate, f"tags {types}", "TAG_POLICY", json.dumps({"tags": {key: rule}}))
    attach(estate, policy, estate.root)


def tags(value: str, key: str = "CostCenter") -> list[dict[str, str]]:
    return [{"Key": key, "Value": value}]


def test_a_user_is_tagged_as_the_tag_policy_has_it(estate: Estate, member: Caller) -> None:
    enforced(estate, "iam:user")
    call = estate.world.call
    for refused in ("200", "", "2y", "3x"):
        with pytest.raises(ServiceError, match=VALUE) as refusal:
            call(member, "CreateUser", UserName="alice", Tags=tags(refused))
        assert refusal.value.code == "InvalidInput"
    call(member, "CreateUser", UserName="alice", Tags=tags("100"))
    for taken in ("2x", "2345x"):
        call(member, "TagUser", UserName="alice", Tags=tags(taken))
    with pytest.raises(ServiceError, match=VALUE):
        call(member, "TagUser", UserName="alice", Tags=tags("300"))
    call(member, "TagUser", UserName="alice", Tags=tags("300", "Project"))
    call(member, "UntagUser", UserName="alice", TagKeys=["CostCenter"])
    call(member, "CreateUser", UserName="untagged")


def test_what_a_wildcard_stands_between_does_not_overlap(estate: Estate, member: Caller) -> None:
    enforced(estate, "iam:user", values=("a*a",))
    with pytest.raises(ServiceError, match=VALUE):
        estate.world.call(member, "CreateUser", UserName="alice", Tags=tags("a"))
    estate.world.call(member, "CreateUser", UserName="alice", Tags=tags("aa"))


def test_the_case_of_the_key_counts(estate: Estate, member: Caller) -> None:
    enforced(estate, "iam:*")
    with pytest.raises(ServiceError, match="capitalization of the following tag key: 'costcenter'"):
        estate.world.call(member, "CreateUser", UserName="alice", Tags=tags("100", "costcenter"))


def test_a_rule_without_values_takes_every_value(estate: Estate, member: Caller) -> None:
    enforced(estate, "iam:ALL_SUPPORTED", values=())
    estate.world.call(member, "CreateUser", UserName="alice", Tags=tags("anything"))
    with pytest.raises(ServiceError, match="capitalization"):
        estate.world.call(member, "CreateUser", UserName="bob", Tags=tags("anything", "COSTCENTER"))


def test_only_the_types_that_a_rule_is_enforced_for_are_looked_at(estate: Estate, member: Caller) -> None:
    enforced(estate, "iam:role", "ec2:*")
    call = estate.world.call
    call(member, "CreateUser", UserName="alice", Tags=tags("300"))
    trusting = trust(f"arn:aws:iam::{estate.account_of(member)}:root")
    with pytest.raises(ServiceError, match=VALUE):
        call(member, "CreateRole", RoleName="role", AssumeRolePolicyDocument=trusting, Tags=tags("300"))


@pytest.mark.parametrize(
    ("resource_type", "operation", "given"),
    [
        ("iam:policy", "CreatePolicy", {"PolicyName": "policy", "PolicyDocument": text(allow("s3:*"))}),
        ("iam:instance-profile", "CreateInstanceProfile", {"InstanceProfileName": "profile"}),
        ("iam:mfa", "CreateVirtualMFADevice", {"VirtualMFADeviceName": "device"}),
        ("iam:oidc-provider", "CreateOpenIDConnectProvider", {"Url": "https://idp.example.com"}),
    ],
)
def test_every_kind_of_iam_has_its_type(
    estate: Estate, member: Caller, resource_type: str, operation: str, given: dict[str, Any]
) -> None:
    enforced(estate, resource_type)
    with pytest.raises(ServiceError, match=VALUE):
        estate.world.call(member, operation, **given, Tags=tags("300"))
    estate.world.call(member, operation, **given, Tags=tags("100"))


def test_what_is_of_the_organization_is_tagged_as_the_tag_policy_has_it(estate: Estate, member: Caller) -> None:
    account = estate.account_of(member)
    unit = estate.unit("Sandbox")
    policy = a_policy(estate, "guard")
    enforced(estate, "organizations:*")
    unit_to_make = {"ParentId": estate.root, "Name": "more"}
    for operation, given in (
        ("CreateOrganizationalUnit", unit_to_make),
        ("TagResource", {"ResourceId": unit}),
        ("TagResource", {"ResourceId": estate.root}),
        ("TagResource", {"ResourceId": account}),
        ("TagResource", {"ResourceId": policy}),
    ):
        with pytest.raises(ServiceError, match=VALUE) as refused:
            estate.call(operation, **given, Tags=tags("300"))
        assert refused.value.code == "ConstraintViolationException"
        assert refused.value.members == {"Reason": "TAG_POLICY_VIOLATION"}
        estate.call(operation, **given, Tags=tags("100"))


def test_what_is_of_the_organization_is_tagged_as_its_management_account_may(estate: Estate, member: Caller) -> None:
    account, unit = estate.account_of(member), estate.unit("Sandbox")
    delegation = delegating(account, "organizations:TagResource")
    estate.call("PutResourcePolicy", Content=delegation)
    for value, target in (("red", estate.world.account_id), ("blue", account)):
        rule = {
            "tag_key": {"@@assign": "CostCenter"},
            "tag_value": {"@@assign": [value]},
            "enforced_for": {"@@assign": ["organizations:*"]},
        }
        attach(estate, a_policy(estate, value, "TAG_POLICY", json.dumps({"tags": {"CostCenter": rule}})), target)
    for caller in (member, estate.world.root):
        with pytest.raises(ServiceError, match=VALUE):
            estate.world.call(caller, "TagResource", service="organizations", ResourceId=unit, Tags=tags("blue"))
        estate.world.call(caller, "TagResource", service="organizations", ResourceId=unit, Tags=tags("red"))


@pytest.mark.parametrize(
    ("resource_type", "resource"),
    [("ou", "unit"), ("root", "root"), ("account", "account"), ("policy", "policy")],
)
def test_every_kind_of_an_organization_has_its_type(
    estate: Estate, member: Caller, resource_type: str, resource: str
) -> None:
    resources = {
        "unit": estate.unit("Sandbox"),
        "root": estate.root,
        "account": estate.account_of(member),
        "policy": a_policy(estate, "guard"),
    }
    enforced(estate, f"organizations:{resource_type}")
    for name, resource_id in resources.items():
        if name == resource:
            with pytest.raises(ServiceError, match=VALUE):
                estate.call("TagResource", ResourceId=resource_id, Tags=tags("300"))
        else:
            estate.call("TagResource", ResourceId=resource_id, Tags=tags("300"))


def test_a_tag_policy_binds_while_its_type_is_enabled_and_whom_it_is_attached_above(
    estate: Estate, member: Caller
) -> None:
    enforced(estate, "iam:user")
    call = estate.world.call
    call(estate.world.account(), "CreateUser", UserName="stranger", Tags=tags("300"))
    with pytest.raises(ServiceError, match=VALUE):
        call(estate.world.root, "CreateUser", UserName="of-the-management-account", Tags=tags("300"))
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType="TAG_POLICY")
    call(member, "CreateUser", UserName="alice", Tags=tags("300"))
