from __future__ import annotations

import json
import re
from collections.abc import Mapping

import pytest

from carnet.entities.organization_policy import PolicyType
from carnet.services.account_quotas import DEFAULTS
from tests.services.organizations.estate import SERVICE, Estate, an_estate
from tests.services.organizations.policies import DENY, FULL_ACCESS, SCP, a_policy, enable
from tests.services.world import ServiceError, World


def test_a_policy_is_made_described_changed_and_removed(estate: Estate) -> None:
    made = estate.call("CreatePolicy", Name="guard", Description="No S3", Type=SCP, Content=DENY)["Policy"]
    policy_id = made["PolicySummary"]["Id"]
    assert re.fullmatch(r"p-[a-z0-9]{8}", policy_id)
    assert made == {
        "PolicySummary": {
            "Id": policy_id,
            "Arn": f"arn:aws:organizations::{estate.world.account_id}"
            f":policy/{estate.organization}/service_control_policy/{policy_id}",
            "Name": "guard",
            "Description": "No S3",
            "Type": SCP,
            "AwsManaged": False,
        },
        "Content": DENY,
    }
    assert estate.call("DescribePolicy", PolicyId=policy_id)["Policy"] == made
    nameless = {name: value for name, value in made["PolicySummary"].items() if name not in ("Name", "Description")}
    assert estate.call("UpdatePolicy", PolicyId=policy_id)["Policy"] == {**made, "PolicySummary": nameless}
    renamed = estate.call("UpdatePolicy", PolicyId=policy_id, Name="guardrail")["Policy"]
    assert renamed == {**made, "PolicySummary": {**nameless, "Name": "guardrail"}}
    content = DENY.replace("s3", "ec2")
    changed = estate.call("UpdatePolicy", PolicyId=policy_id, Content=content, Description="")["Policy"]
    assert changed["Content"] == content
    assert changed["PolicySummary"] == {**nameless, "Description": ""}
    kept = estate.call("DescribePolicy", PolicyId=policy_id)["Policy"]["PolicySummary"]
    assert (kept["Name"], kept["Description"]) == ("guardrail", "No S3")
    described = estate.call("UpdatePolicy", PolicyId=policy_id, Description="No EC2")["Policy"]["PolicySummary"]
    assert described == {**nameless, "Description": "No EC2"}
    estate.call("DeletePolicy", PolicyId=policy_id)
    for operation in ("DescribePolicy", "DeletePolicy", "UpdatePolicy", "ListTargetsForPolicy"):
        with pytest.raises(ServiceError, match="PolicyNotFoundException: You specified a policy that doesn't exist"):
            estate.call(operation, PolicyId=policy_id)


def test_a_name_is_unique_among_the_policies_of_a_type(estate: Estate) -> None:
    a_policy(estate, "one")
    a_policy(estate, "one", "TAG_POLICY", '{"tags":{}}')
    two = a_policy(estate, "two")
    with pytest.raises(ServiceError, match="DuplicatePolicyException: A policy with the specified name and type"):
        a_policy(estate, "one")
    with pytest.raises(ServiceError, match="DuplicatePolicyException"):
        estate.call("UpdatePolicy", PolicyId=two, Name="one")


def test_policies_need_an_organization_with_all_features(world: World) -> None:
    estate = an_estate(world, FeatureSet="CONSOLIDATED_BILLING")
    with pytest.raises(ServiceError, match="PolicyTypeNotAvailableForOrganizationException"):
        a_policy(estate, "guard")


def test_policies_of_awss_own_are_as_they_are(estate: Estate) -> None:
    described = estate.call("DescribePolicy", PolicyId=FULL_ACCESS)["Policy"]
    assert described["PolicySummary"] == {
        "Id": "p-FullAWSAccess",
        "Arn": "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
        "Name": "FullAWSAccess",
        "Description": "Allows access to every operation",
        "Type": SCP,
        "AwsManaged": True,
    }
    assert json.loads(described["Content"]) == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    rcp = estate.call("DescribePolicy", PolicyId="p-RCPFullAWSAccess")["Policy"]
    assert rcp["PolicySummary"]["Arn"] == (
        "arn:aws:organizations::aws:policy/resource_control_policy/p-RCPFullAWSAccess"
    )
    for policy in (FULL_ACCESS, "p-RCPFullAWSAccess"):
        for operation, given in (("UpdatePolicy", {"Name": "mine"}), ("DeletePolicy", {})):
            with pytest.raises(ServiceError, match="InvalidInputException: You can't modify or delete") as refused:
                estate.call(operation, PolicyId=policy, **given)
            assert refused.value.members == {"Reason": "IMMUTABLE_POLICY"}


def test_policies_of_a_type_are_listed_page_by_page(estate: Estate) -> None:
    own = sorted(a_policy(estate, f"policy {number}") for number in range(4))
    enable(estate, "TAG_POLICY")
    tags = a_policy(estate, "tags", "TAG_POLICY", '{"tags":{}}')
    first = estate.call("ListPolicies", Filter=SCP, MaxResults=3)
    rest = estate.call("ListPolicies", Filter=SCP, MaxResults=3, NextToken=first["NextToken"])
    listed = first["Policies"] + rest["Policies"]
    assert [policy["Id"] for policy in listed] == [FULL_ACCESS, *own]
    assert "NextToken" not in rest
    assert "Content" not in listed[0]
    assert [policy["Id"] for policy in estate.call("ListPolicies", Filter="TAG_POLICY")["Policies"]] == [tags]


def test_awss_own_policies_are_listed_while_their_type_is_enabled(estate: Estate) -> None:
    def listed(policy_type: str) -> list[str]:
        return [policy["Id"] for policy in estate.call("ListPolicies", Filter=policy_type)["Policies"]]

    assert listed("RESOURCE_CONTROL_POLICY") == []
    enable(estate, "RESOURCE_CONTROL_POLICY")
    assert listed("RESOURCE_CONTROL_POLICY") == ["p-RCPFullAWSAccess"]
    estate.call("DisablePolicyType", RootId=estate.root, PolicyType=SCP)
    assert listed(SCP) == []


@pytest.mark.parametrize("policy_type", PolicyType)
def test_content_has_a_greatest_length(estate: Estate, policy_type: PolicyType) -> None:
    most = {"SERVICE_CONTROL_POLICY": 10_240, "RESOURCE_CONTROL_POLICY": 5_120, "AISERVICES_OPT_OUT_POLICY": 2_500}
    longest = most.get(policy_type, 10_000)
    with pytest.raises(ServiceError, match="MalformedPolicyDocumentException: The provided policy document does not"):
        a_policy(estate, "long", policy_type, "{".ljust(longest))
    with pytest.raises(ServiceError, match="You have exceeded the maximum policy size") as refused:
        a_policy(estate, "longer", policy_type, "{".ljust(longest + 1))
    assert refused.value.code == "ConstraintViolationException"
    assert refused.value.members == {"Reason": "POLICY_CONTENT_LIMIT_EXCEEDED"}


def test_there_may_be_so_many_policies_of_a_type(estate: Estate) -> None:
    estate.limit(service_control_policies=2)
    a_policy(estate, "one")
    a_policy(estate, "two")
    with pytest.raises(ServiceError, match="ConstraintViolationException: You have exceeded the number of policies"):
        a_policy(estate, "three")
    a_policy(estate, "three", "TAG_POLICY", '{"tags":{}}')
    estate.limit(service_control_policies=None)
    a_policy(estate, "three")


def test_the_defaults_are_those_of_aws() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""
    expected = {
        "organization_accounts": 10_000,
        "organizational_units": 2_000,
        "organizational_unit_depth": 5,
        "resource_policy_size": 40_000,
        "service_control_policies": 10_000,
        "service_control_policy_size": 10_240,
        "service_control_policies_per_target": 10,
        "resource_control_policies": 2_000,
        "resource_control_policy_size": 5_120,
        "resource_control_policies_per_target": 5,
        "tags_per_resource": 50,
        "closed_accounts": 250,
    }
    assert {name: DEFAULTS[name] for name in expected} == expected


def test_what_the_operator_sets_bounds_the_policies(estate: Estate) -> None:
    estate.limit(service_control_policy_size=len(DENY), service_control_policies_per_target=2)
    with pytest.raises(ServiceError, match="You have exceeded the maximum policy size"):
        a_policy(estate, "long", SCP, DENY + " ")
    first, second = (a_policy(estate, name, SCP, DENY) for name in ("one", "two"))
    estate.call("AttachPolicy", PolicyId=first, TargetId=estate.root)  # beside FullAWSAccess
    with pytest.raises(ServiceError) as refused:
        estate.call("AttachPolicy", PolicyId=second, TargetId=estate.root)
    assert refused.value.members == {"Reason": "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"}
    estate.limit(service_control_policies_per_target=3)
    estate.call("AttachPolicy", PolicyId=second, TargetId=estate.root)


def test_a_policy_is_tagged_when_it_is_made(estate: Estate) -> None:
    given = {"Name": "guard", "Description": "", "Type": SCP, "Content": DENY}
    estate.call("CreatePolicy", **given, Tags=[{"Key": "team", "Value": "red"}])
    tagger = estate.world.user("tagger", [allowing("organizations:CreatePolicy")])
    with pytest.raises(ServiceError, match="not authorized to perform: organizations:TagResource"):
        estate.call_as(tagger, "CreatePolicy", **{**given, "Name": "two"}, Tags=[{"Key": "team", "Value": "red"}])
    estate.call_as(tagger, "CreatePolicy", **{**given, "Name": "two"})


def test_policies_decide_by_the_type(estate: Estate) -> None:
    of_tags = {"StringEquals": {"organizations:PolicyType": "TAG_POLICY"}}
    tags = a_policy(estate, "tags", "TAG_POLICY", '{"tags":{}}')
    guard = a_policy(estate, "guard")
    reader = estate.world.user("reader", [allowing("organizations:*", of_tags)])
    estate.call_as(reader, "DescribePolicy", PolicyId=tags)
    estate.call_as(reader, "ListPolicies", Filter="TAG_POLICY")
    estate.call_as(reader, "TagResource", ResourceId=tags, Tags=[{"Key": "team", "Value": "red"}])
    estate.call_as(reader, "ListTagsForResource", ResourceId=tags)
    estate.call_as(reader, "UntagResource", ResourceId=tags, TagKeys=["team"])
    with pytest.raises(ServiceError, match="is not authorized to perform"):
        estate.call_as(reader, "ListTagsForResource", ResourceId=guard)
    for operation, given in (("DescribePolicy", {"PolicyId": guard}), ("ListPolicies", {"Filter": SCP})):
        with pytest.raises(ServiceError, match="is not authorized to perform"):
            estate.call_as(reader, operation, **given)


def test_members_and_strangers_have_no_say(estate: Estate) -> None:
    policy = a_policy(estate, "guard")
    member = estate.member()
    stranger = estate.world.account()
    for operation, given in (
        ("CreatePolicy", {"Name": "mine", "Description": "", "Type": SCP, "Content": DENY}),
        ("UpdatePolicy", {"PolicyId": policy, "Name": "mine"}),
        ("DeletePolicy", {"PolicyId": policy}),
        ("DescribePolicy", {"PolicyId": policy}),
        ("ListPolicies", {"Filter": SCP}),
        ("AttachPolicy", {"PolicyId": policy, "TargetId": estate.root}),
        ("DetachPolicy", {"PolicyId": policy, "TargetId": estate.root}),
        ("ListPoliciesForTarget", {"TargetId": estate.root, "Filter": SCP}),
        ("ListTargetsForPolicy", {"PolicyId": policy}),
    ):
        with pytest.raises(ServiceError, match="AccessDeniedException: You don't have permissions"):
            estate.call_as(member, operation, **given)
        with pytest.raises(ServiceError, match="AWSOrganizationsNotInUseException"):
            estate.world.call(stranger, operation, service=SERVICE, **given)


def allowing(action: str, condition: Mapping[str, object] | None = None) -> dict[str, object]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition or {}}
    return {"Version": "2012-10-17", "Statement": statement}


def test_the_resource_policy_lets_a_member_manage_policies_of_a_type(estate: Estate) -> None:
    member = estate.member()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{estate.account_of(member)}:root"},
        "Action": ["organizations:CreatePolicy", "organizations:AttachPolicy", "organizations:DescribePolicy"],
        "Resource": [f"arn:aws:organizations::{estate.world.account_id}:{kind}/*" for kind in ("policy", "root")],
        "Condition": {"StringEquals": {"organizations:PolicyType": "TAG_POLICY"}},
    }
    content = json.dumps({"Version": "2012-10-17", "Statement": statement})
    estate.call("PutResourcePolicy", Content=content)
    enable(estate, "TAG_POLICY")
    tags = {"Name": "tags", "Description": "", "Type": "TAG_POLICY", "Content": '{"tags":{}}'}
    made = estate.call_as(member, "CreatePolicy", **tags)["Policy"]["PolicySummary"]["Id"]
    estate.call_as(member, "AttachPolicy", PolicyId=made, TargetId=estate.root)
    for operation, given in (
        ("CreatePolicy", {**tags, "Type": SCP, "Content": DENY}),
        ("AttachPolicy", {"PolicyId": a_policy(estate, "guard"), "TargetId": estate.root}),
        ("DeletePolicy", {"PolicyId": made}),
    ):
        with pytest.raises(ServiceError, match="AccessDeniedException"):
            estate.call_as(member, operation, **given)
