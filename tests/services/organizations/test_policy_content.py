from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.entities.organization_policy import PolicyType
from tests.services.organizations.estate import Estate
from tests.services.organizations.policies import RCP, SCP, a_policy
from tests.services.world import ServiceError

CONTROL = "@@operators_allowed_for_child_policies"
MALFORMED = (
    "MalformedPolicyDocumentException: The provided policy document does not meet the requirements of the specified"
    " policy type."
)


def statement(**members: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [members]})


def tag_rule(**members: object) -> dict[str, Any]:
    return {"tags": {"CostCenter": members}}


def s3_attributes(block: object) -> dict[str, Any]:
    return {"s3_attributes": {"public_access_block_configuration": block}}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(statement(Effect="Deny", Action="*", Resource="*"), id="deny"),
        pytest.param(
            statement(
                Effect="Allow",
                NotAction=["iam:*", "*:Get*"],
                NotResource="arn:aws:s3:::a",
                Condition={"StringLike": {"aws:PrincipalArn": "*"}},
            ),
            id="the whole language",
        ),
    ],
)
def test_scps_that_are_taken(estate: Estate, content: str) -> None:
    a_policy(estate, "guard", SCP, content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("no JSON", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param(statement(Effect="Deny", Action="*", Resource="*", Principal="*"), id="principal"),
        pytest.param(statement(Effect="Deny", Action="*"), id="no resource"),
        pytest.param(statement(Effect="Deny", Action="s3", Resource="*"), id="no service"),
        pytest.param(
            json.dumps({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}), id="no version 2012-10-17"
        ),
    ],
)
def test_scps_that_are_refused(estate: Estate, content: str) -> None:
    with pytest.raises(ServiceError, match=MALFORMED):
        a_policy(estate, "guard", SCP, content)
    policy = a_policy(estate, "guard")
    with pytest.raises(ServiceError, match=MALFORMED):
        estate.call("UpdatePolicy", PolicyId=policy, Content=content)


def test_rcps_deny_named_actions_to_everyone(estate: Estate) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["s3:*", "sts:AssumeRole"], "Resource": "*"}
    a_policy(estate, "perimeter", RCP, statement(**deny))
    not_action = {name: value for name, value in deny.items() if name != "Action"} | {"NotAction": "s3:*"}
    for wrong in (
        {**deny, "Effect": "Allow"},
        {**deny, "Principal": {"AWS": "111122223333"}},
        {**deny, "Action": "*"},
        not_action,
    ):
        with pytest.raises(ServiceError, match=MALFORMED):
            a_policy(estate, "wrong", RCP, statement(**wrong))


TAKEN = {
    "tags": ("TAG_POLICY", {"tags": {}}),
    "an empty rule": ("TAG_POLICY", tag_rule()),
    "a whole rule": (
        "TAG_POLICY",
        tag_rule(
            tag_key={"@@assign": "CostCenter", CONTROL: ["@@none"]},
            tag_value={"@@assign": ["100", "2*", 300], "@@append": ["b"], CONTROL: ["@@append", "@@remove"]},
            enforced_for={"@@assign": ["iam:role", "ec2:*", "ecs:ALL_SUPPORTED"]},
        ),
    ),
    "names in any case": ("TAG_POLICY", {"Tags": {"costcenter": {"Tag_Key": {"@@Assign": "CostCenter"}}}}),
    "plans": ("BACKUP_POLICY", {"plans": {"daily": {"regions": {"@@append": ["us-east-1"]}}}}),
    "a value of the whole policy": (
        "BACKUP_POLICY",
        {"plans": {}, "@@assign": "value", "@@append": 1, "@@remove": None},
    ),
    "lists of the whole policy": ("TAG_POLICY", {"tags": {}, "@@assign": [], "@@append": ["value"]}),
    "services": (
        "AISERVICES_OPT_OUT_POLICY",
        {"services": {CONTROL: ["@@none"], "default": {"opt_out_policy": {"@@assign": "optOut"}}}},
    ),
    "chatbot": ("CHATBOT_POLICY", {"chatbot": {"default": {"client": {"@@assign": "disabled"}}}}),
    "ec2_attributes": (
        "DECLARATIVE_POLICY_EC2",
        {"ec2_attributes": {"image_block_public_access": {"state": {"@@assign": "block_new_sharing"}}}},
    ),
    "securityhub": ("SECURITYHUB_POLICY", {"securityhub": {"enable_in_regions": {"@@append": ["ALL_SUPPORTED"]}}}),
    "all is blocked": ("S3_POLICY", s3_attributes({"@@assign": "all", CONTROL: ["@@none"]})),
    "nothing is blocked": ("S3_POLICY", s3_attributes({"@@assign": "none"})),
    "nothing is said of blocks": ("S3_POLICY", {"s3_attributes": {CONTROL: ["@@none"]}}),
}

REFUSED = {
    "nothing": ("TAG_POLICY", {}),
    "a service without a name": ("AISERVICES_OPT_OUT_POLICY", {"services": {"": {}}}),
    "case of a service": ("AISERVICES_OPT_OUT_POLICY", {"services": {"Default": {}}}),
    "another type's": ("TAG_POLICY", {"plans": {}}),
    "more than one": ("TAG_POLICY", {"tags": {}, "plans": {}}),
    "no object": ("BACKUP_POLICY", {"plans": []}),
    "a value without an operator": ("BACKUP_POLICY", {"plans": {"daily": {"rules": "all"}}}),
    "an unknown operator": ("BACKUP_POLICY", {"plans": {"daily": {"regions": {"@@replace": ["us-east-1"]}}}}),
    "append of one value": ("BACKUP_POLICY", {"plans": {"daily": {"regions": {"@@append": "us-east-1"}}}}),
    "assign of an object": ("BACKUP_POLICY", {"plans": {"daily": {"regions": {"@@assign": {"a": "b"}}}}}),
    "a list in a list": ("BACKUP_POLICY", {"plans": {"daily": {"regions": {"@@assign": [["a"]]}}}}),
    "an unknown control": ("BACKUP_POLICY", {"plans": {CONTROL: ["@@some"]}}),
    "an empty control": ("BACKUP_POLICY", {"plans": {CONTROL: []}}),
    "a control twice": ("BACKUP_POLICY", {"plans": {CONTROL: ["@@assign", "@@assign"]}}),
    "none and another": ("BACKUP_POLICY", {"plans": {CONTROL: ["@@none", "@@assign"]}}),
    "names that differ in case": ("TAG_POLICY", {"tags": {"a": {}, "A": {}}}),
    "another tag key": ("TAG_POLICY", tag_rule(tag_key={"@@assign": "Project"})),
    "an empty tag key": ("TAG_POLICY", {"tags": {"": {}}}),
    "a long tag key": ("TAG_POLICY", {"tags": {"k" * 129: {}}}),
    "append to a tag key": ("TAG_POLICY", tag_rule(tag_key={"@@append": ["CostCenter"]})),
    "one tag value": ("TAG_POLICY", tag_rule(tag_value={"@@assign": "100"})),
    "two wildcards": ("TAG_POLICY", tag_rule(tag_value={"@@assign": ["a*b*"]})),
    "a type without service": ("TAG_POLICY", tag_rule(enforced_for={"@@assign": ["role"]})),
    "a service that there is not": ("TAG_POLICY", tag_rule(enforced_for={"@@assign": ["imaginary:thing"]})),
    "a value of all tags": ("TAG_POLICY", {"tags": {"@@assign": []}}),
    "a value of all plans": ("BACKUP_POLICY", {"plans": {"@@remove": ["value"]}}),
    "an object for the whole policy": ("BACKUP_POLICY", {"plans": {}, "@@append": {}}),
    "every service": ("TAG_POLICY", tag_rule(enforced_for={"@@assign": ["*:*"]})),
    "an unknown field": ("TAG_POLICY", tag_rule(color={"@@assign": "red"})),
    "an operator at a rule": ("TAG_POLICY", {"tags": {"a": {"@@assign": "b"}}}),
    "another preference": (
        "AISERVICES_OPT_OUT_POLICY",
        {"services": {"default": {"opt_out_policy": {"@@assign": "optout"}}}},
    ),
    "an unknown preference": ("AISERVICES_OPT_OUT_POLICY", {"services": {"default": {"opt": {"@@assign": "optOut"}}}}),
    "another word for a block": ("S3_POLICY", s3_attributes({"@@assign": "some"})),
    "a list of blocks": ("S3_POLICY", s3_attributes({"@@assign": ["none"]})),
    "append to a block": ("S3_POLICY", s3_attributes({"@@append": ["none"]})),
    "another attribute": ("S3_POLICY", {"s3_attributes": {"encryption": {"@@assign": "all"}}}),
    "another service": ("GUARDDUTY_POLICY", {"inspector": {}}),
}


@pytest.mark.parametrize("case", TAKEN)
def test_management_policies_that_are_taken(estate: Estate, case: str) -> None:
    policy_type, content = TAKEN[case]
    a_policy(estate, "management", policy_type, json.dumps(content))


@pytest.mark.parametrize("case", REFUSED)
def test_management_policies_that_are_refused(estate: Estate, case: str) -> None:
    policy_type, content = REFUSED[case]
    with pytest.raises(ServiceError, match=MALFORMED):
        a_policy(estate, "management", policy_type, json.dumps(content))


def test_a_tag_key_may_have_128_characters(estate: Estate) -> None:
    a_policy(estate, "tags", "TAG_POLICY", json.dumps({"tags": {"k" * 128: {}}}))


@pytest.mark.parametrize("policy_type", [each for each in PolicyType if "CONTROL" not in each])
def test_a_name_twice_in_an_object_is_refused(estate: Estate, policy_type: PolicyType) -> None:
    with pytest.raises(ServiceError, match=MALFORMED):
        a_policy(estate, "management", policy_type, '{"tags":{},"tags":{}}')


WORKSPACE = "T0123"
TENANT, TEAM = "12345678-1234-1234-1234-123456789abc", "12345678-abcd-1234-1234-123456789abc"


def slack(**members: object) -> dict[str, Any]:
    return {"platforms": {"slack": members}}


def teams(**members: object) -> dict[str, Any]:
    return {"platforms": {"microsoft_teams": members}}


def assign(value: object) -> dict[str, object]:
    return {"@@assign": value}


CHAT_POLICIES_TAKEN = {
    "nothing": {},
    "no platform": {"platforms": {}},
    "empty platform": slack(),
    "any case of a platform": {"platforms": {"SLACK": {"Client": assign("enabled")}}},
    "chime": {"platforms": {"chime": {"client": assign("disabled")}}},
    "empty client": slack(client={}),
    "any case of an operator": slack(client={"@@Assign": "enabled"}),
    "every workspace": slack(workspaces=assign(["*", WORKSPACE])),
    "twice": slack(workspaces=assign([WORKSPACE, WORKSPACE])),
    "a number": slack(workspaces=assign([1])),
    "no workspace": slack(workspaces=assign([])),
    "longest workspace": slack(workspaces=assign(["T" * 255]), overrides={"T" * 255: {}}),
    "channels": slack(default={"Supported_Channel_Types": assign(["private"])}),
    "tenant": teams(tenants={TENANT: assign([TEAM])}),
    "every team": teams(tenants={TENANT: assign(["*"])}),
    "override": teams(overrides={TENANT: {TEAM: {"supported_role_settings": assign(["user_role"])}}}),
    "empty override": teams(overrides={TENANT: {TEAM: {}}}),
    "override of a workspace": slack(overrides={WORKSPACE: {}}),
}
CHAT_POLICIES_REFUSED = {
    "unknown name": {"other": {}},
    "unknown platform": {"platforms": {"unknown": {}}},
    "default platform": {"platforms": {"default": {}}},
    "unknown member": slack(other=assign("enabled")),
    "unknown default": {"default": {"other": assign("disabled")}},
    "case of a word": slack(client=assign("ENABLED")),
    "a word of JSON": slack(client=assign(True)),
    "list for a word": slack(client=assign(["enabled"])),
    "appended word": slack(client={"@@append": ["enabled"]}),
    "lower case workspace": slack(workspaces=assign(["one"])),
    "empty workspace": slack(workspaces=assign([""])),
    "too long workspace": slack(workspaces=assign(["T" * 256])),
    "too long override": slack(overrides={"T" * 256: {}}),
    "pattern of workspaces": slack(workspaces=assign(["T*"])),
    "true": slack(workspaces=assign([True])),
    "no list": slack(workspaces=assign("*")),
    "case of an override": slack(overrides={"aBC": {}}),
    "client of an override": slack(overrides={WORKSPACE: {"client": assign("disabled")}}),
    "case of a team": teams(tenants={TENANT: assign([TEAM.upper()])}),
    "case of a tenant": teams(tenants={TEAM.upper(): assign(["*"])}),
    "every tenant": teams(overrides={"*": {}}),
    "override without a team": teams(overrides={TENANT: {"supported_role_settings": assign(["user_role"])}}),
    "override of every team": teams(overrides={TENANT: {"*": {}}}),
    "a value of its own": {"@@assign": "enabled"},
    "names alike": {"platforms": {"slack": {}, "Slack": {}}},
}


@pytest.mark.parametrize("chatbot", CHAT_POLICIES_TAKEN.values(), ids=CHAT_POLICIES_TAKEN.keys())
def test_chat_policies_that_are_taken(estate: Estate, chatbot: dict[str, Any]) -> None:
    a_policy(estate, "chat", "CHATBOT_POLICY", json.dumps({"chatbot": chatbot}))


@pytest.mark.parametrize("chatbot", CHAT_POLICIES_REFUSED.values(), ids=CHAT_POLICIES_REFUSED.keys())
def test_chat_policies_that_are_refused(estate: Estate, chatbot: dict[str, Any]) -> None:
    with pytest.raises(ServiceError, match=MALFORMED):
        a_policy(estate, "chat", "CHATBOT_POLICY", json.dumps({"chatbot": chatbot}))
