"""The policy simulators. What is called recorded was recorded from AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.services.iam.service import iam
from tests.services.iam.documents import allow, deny, managed, text, trust
from tests.services.iam.expect import refused, set_quotas
from tests.services.wire import fits_the_model
from tests.services.world import World, open_world

Results = list[dict[str, Any]]

A, B = "arn:aws:s3:::bucket/a", "arn:aws:s3:::bucket/b"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
OTHER = "999999999999"
CALLER = "arn:aws:iam::123456789012:user/alice"


def statement(effect: str = "Allow", action: str = "s3:GetObject", resource: str = "*", **more: Any) -> str:
    return compact([{"Effect": effect, "Action": action, "Resource": resource, **more}])


def compact(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def of_resource(principal: str, effect: str = "Allow", resource: str = "arn:aws:s3:::bucket/*") -> str:
    return statement(effect, resource=resource, Principal={"AWS": principal})


def entry(name: str, kind: str, *values: str) -> dict[str, Any]:
    return {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": list(values)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One for all: the simulators change nothing."""
    path = tmp_path_factory.mktemp("simulations")
    with open_world(path) as made:
        _populate(made)
        yield made


def _populate(world: World) -> None:
    """alice in a group, with a boundary, and a role; each with inline and attached policies."""
    root = world.root
    boundary = managed(world, "boundary", Path="/guards/")
    custom = managed(world, "custom", Path="/team/")
    tags = [{"Key": "team", "Value": "red"}]
    world.call(root, "CreateUser", UserName="alice", Path="/staff/", Tags=tags, PermissionsBoundary=boundary)
    world.call(root, "CreateGroup", GroupName="admins")
    world.call(root, "AddUserToGroup", GroupName="admins", UserName="alice")
    world.call(root, "CreateRole", RoleName="worker", AssumeRolePolicyDocument=trust("*"), Tags=tags)
    for kind, name in (("User", "alice"), ("Group", "admins"), ("Role", "worker")):
        document = text(allow(f"s3:{kind}*"))
        world.call(root, f"Put{kind}Policy", **{f"{kind}Name": name}, PolicyName="inline", PolicyDocument=document)
        world.call(root, f"Attach{kind}Policy", **{f"{kind}Name": name}, PolicyArn=custom)
    world.call(root, "AttachUserPolicy", UserName="alice", PolicyArn=READ_ONLY)


def custom(world: World, *documents: str, actions: tuple[str, ...] = ("s3:GetObject",), **given: Any) -> Results:
    answer = world.call(
        world.root, "SimulateCustomPolicy", PolicyInputList=list(documents), ActionNames=list(actions), **given
    )
    assert answer["IsTruncated"] is False
    results: Results = answer["EvaluationResults"]
    return results


def of(world: World, source: str, *actions: str, **given: Any) -> Results:
    answer = world.call(
        world.root,
        "SimulatePrincipalPolicy",
        PolicySourceArn=f"arn:aws:iam::{world.account_id}:{source}",
        ActionNames=list(actions),
        **given,
    )
    results: Results = answer["EvaluationResults"]
    return results


def sources(result: dict[str, Any]) -> list[str]:
    return [each["SourcePolicyId"] for each in result["MatchedStatements"]]


def invalid(world: World, **given: Any) -> str:
    """What a refused custom simulation is told."""
    asked: dict[str, Any] = {"PolicyInputList": [statement()], "ActionNames": ["s3:GetObject"], **given}
    code, message = refused(world, world.root, "SimulateCustomPolicy", **asked)
    assert code == "InvalidInput"
    return message


STRANGER = "arn:aws:iam::999999999999:user/path/other"
STRANGERS = "arn:aws:iam::999999999999:group/others"
USER_ID = {"ContextKeyName": "aws:userid", "ContextKeyType": "string", "ContextKeyValues": ["AIDAGIVEN"]}
MATCHED = {
    "SourcePolicyId": "PolicyInputList.1",
    "SourcePolicyType": "IAM Policy",
    "StartPosition": {"Line": 1, "Column": 38},
    "EndPosition": {"Line": 1, "Column": 95},
}


class TestRecordedAnswers:
    def test_without_resources(self, world: World) -> None:
        assert custom(world, statement()) == [
            {
                "EvalActionName": "s3:GetObject",
                "EvalResourceName": "*",
                "EvalDecision": "allowed",
                "MatchedStatements": [MATCHED],
                "MissingContextValues": [],
            }
        ]

    def test_with_one_resource(self, world: World) -> None:
        specific = {"EvalResourceName": A, "EvalResourceDecision": "allowed", "MatchedStatements": [MATCHED]}
        assert custom(world, statement(), ResourceArns=[A]) == [
            {
                "EvalActionName": "s3:GetObject",
                "EvalResourceName": A,
                "EvalDecision": "allowed",
                "MatchedStatements": [MATCHED],
                "MissingContextValues": [],
                "EvalDecisionDetails": {},
                "ResourceSpecificResults": [specific],
            }
        ]

    def test_the_most_restrictive_decision_is_that_of_the_action(self, world: World) -> None:
        (result,) = custom(world, statement(resource=A), ResourceArns=[A, B])
        assert result["EvalDecision"] == "implicitDeny"
        assert result["EvalResourceName"] == "arn:${Partition}:s3:::${BucketName}/${ObjectName}"
        assert sources(result) == ["PolicyInputList.1"]
        allowed, denied = result["ResourceSpecificResults"]
        assert allowed["EvalResourceDecision"] == "allowed"
        assert denied == {"EvalResourceName": B, "EvalResourceDecision": "implicitDeny"}

    def test_an_explicit_deny_shows_what_denies_alone(self, world: World) -> None:
        (result,) = custom(world, statement(), statement("Deny", resource=B), ResourceArns=[A, B])
        assert (result["EvalDecision"], sources(result)) == ("explicitDeny", ["PolicyInputList.2"])

    def test_no_policy_is_an_implicit_deny(self, world: World) -> None:
        assert custom(world)[0]["EvalDecision"] == "implicitDeny"

    @pytest.mark.parametrize("action", ["s3:*", "madeup:Action", "s3:MadeUp"])
    def test_an_unknown_action_is_taken_as_it_is_written(self, world: World, action: str) -> None:
        assert custom(world, statement(), actions=(action,))[0]["EvalDecision"] == "implicitDeny"
        assert custom(world, statement(action="*"), actions=(action,))[0]["EvalDecision"] == "allowed"

    def test_a_resource_of_another_service_is_none_of_the_actions(self, world: World) -> None:
        (result,) = custom(world, statement(), ResourceArns=[CALLER])
        assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])

    def test_missing_keys_are_told_of_the_action_and_the_resource(self, world: World) -> None:
        conditional = statement(Condition={"StringEquals": {"stack:missing": "yes"}})
        (result,) = custom(world, conditional, ResourceArns=[A])
        assert result["MissingContextValues"] == ["stack:missing"]
        assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["stack:missing"]

    @pytest.mark.parametrize(
        ("asked", "value"),
        [
            ({}, "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR"),
            ({"CallerArn": STRANGER}, STRANGER),
            ({"CallerArn": STRANGERS}, STRANGERS),
            ({"ContextEntries": [{**USER_ID, "ContextKeyName": "AWS:USERID"}]}, "AIDAGIVEN"),
            ({"CallerArn": STRANGER, "ContextEntries": [USER_ID]}, "AIDAGIVEN"),
        ],
    )
    def test_a_caller_without_an_id_has_one_all_the_same(self, world: World, asked: dict[str, Any], value: str) -> None:
        def decision(condition: dict[str, Any]) -> tuple[str, list[str]]:
            (result,) = custom(world, statement(Condition=condition), **asked)
            return result["EvalDecision"], result["MissingContextValues"]

        missing = [] if "ContextEntries" in asked else ["aws:userid"]
        assert decision({"StringEquals": {"aws:userid": value}}) == ("allowed", [])
        assert decision({"StringEquals": {"aws:userid": "${aws:userid}"}}) == ("allowed", [])
        assert decision({"StringNotEquals": {"aws:userid": value}}) == ("implicitDeny", missing)
        assert decision({"Null": {"aws:userid": "true"}}) == ("implicitDeny", missing)

    def test_a_boundary_that_denies(self, world: World) -> None:
        (result,) = custom(world, statement(), PermissionsBoundaryPolicyInputList=[statement("Deny")], ResourceArns=[A])
        assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
        (matched,) = result["MatchedStatements"]
        assert matched["SourcePolicyId"] == "PermissionsBoundaryPolicyInputList.1"
        assert matched["SourcePolicyType"] == "Permissions Boundary Policy"
        detail = result["ResourceSpecificResults"][0]["PermissionsBoundaryDecisionDetail"]
        assert detail == {"AllowedByPermissionsBoundary": False}

    def test_organization_policies_that_deny_end_the_simulation(self, world: World) -> None:
        full, none = statement(action="*"), statement("Deny")
        for levels, decision, allowed in (
            ([[full], [full]], "allowed", True),
            ([[full], [none]], "explicitDeny", False),
        ):
            given = [{"ServiceControlPolicyInputList": level} for level in levels]
            (result,) = custom(world, statement(), OrderedOrganizationPolicyInputList=given, ResourceArns=[A])
            assert result["EvalDecision"] == decision
            assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}
            assert bool(result["MatchedStatements"]) is allowed
            assert ("EvalDecisionDetails" in result) is allowed

    def test_the_resources_policy_grants_within_the_account(self, world: World) -> None:
        bounded: dict[str, Any] = {"PermissionsBoundaryPolicyInputList": [statement(action="s3:PutObject")]}
        given: dict[str, Any] = {
            "ResourceArns": [A],
            "CallerArn": CALLER,
            "ResourcePolicy": of_resource(CALLER),
            **bounded,
        }
        (result,) = custom(world, **given)
        assert result["EvalDecision"] == "allowed"
        assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
        (matched,) = result["MatchedStatements"]
        assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == ("ResourcePolicy", "Resource Policy")

    def test_across_accounts_both_must_allow(self, world: World) -> None:
        given: dict[str, Any] = {"CallerArn": CALLER, "ResourcePolicy": of_resource("*"), "ResourceArns": [A]}
        (result,) = custom(world, ResourceOwner=f"arn:aws:iam::{OTHER}:root", **given)
        details = {"Resource Policy": "allowed", "IAM Policy": "implicitDeny"}
        assert (result["EvalDecision"], result["EvalDecisionDetails"]) == ("implicitDeny", details)
        assert result["ResourceSpecificResults"][0]["EvalDecisionDetails"] == details
        assert "MatchedStatements" not in result["ResourceSpecificResults"][0]
        (result,) = custom(world, statement(), ResourceOwner=f"arn:aws:iam::{OTHER}:root", **given)
        assert result["EvalDecision"] == "allowed"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"PermissionsBoundaryPolicyInputList": [statement(), statement()]},
            "The list of Permissions Boundary policies cannot exceed 1 items.",
        ),
        ({"ResourceArns": ["arn:aws:s3"]}, "ResourceNames are not in a valid ARN format: arn:aws:s3."),
        ({"ResourceArns": ["arn:aws:s3:::"]}, "ResourceNames are not in a valid ARN format: arn:aws:s3:::."),
        ({"ResourceArns": [A, "*"]}, "ResourceNames are not in a valid ARN format: *."),
        ({"PolicyInputList": ["{"]}, "Policy input list item 1 has invalid content"),
        (
            {"PolicyInputList": [statement(), '{"Version":"2099-01-01","Statement":[]}']},
            "Policy input list item 2 has invalid content",
        ),
        ({"PolicyInputList": [of_resource("*")]}, "Policy input list item 1 has invalid content"),
        ({"PermissionsBoundaryPolicyInputList": ["{"]}, "Permissions boundary policy has invalid content"),
        (
            {"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": []}]},
            "Organization policy at index 1 must contain at least one service control policy",
        ),
        (
            {"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": ["{"]}]},
            "Organization policy at index 1 has invalid content",
        ),
        ({"ResourcePolicy": of_resource("*"), "ResourceArns": [A]}, "Invalid caller - Caller cannot be null or empty."),
        (
            {"CallerArn": f"arn:aws:sts::{OTHER}:assumed-role/r/s"},
            "Invalid caller - Caller must be an IAM user, role or group in this context.",
        ),
        (
            {"CallerArn": f"arn:aws:iam::{OTHER}:root"},
            "Invalid caller - Caller must be an IAM user, role or group in this context.",
        ),
        (
            {"CallerArn": CALLER, "ResourcePolicy": of_resource("*")},
            "Invalid Entity Arn: * does not clearly define entity type and name.",
        ),
        (
            {"CallerArn": CALLER, "ResourcePolicy": of_resource("*", resource="*"), "ResourceArns": [A]},
            "ResourceNames are not in a valid ARN format: *.",
        ),
        (
            {"CallerArn": CALLER, "ResourcePolicy": statement(), "ResourceArns": [A]},
            "Resource policy has invalid content",
        ),
        ({"ResourceOwner": "not-an-arn"}, "'not-an-arn' is not a valid as a Resource Owner."),
        ({"ResourceOwner": OTHER}, f"'{OTHER}' is not a valid as a Resource Owner."),
        ({"ActionNames": ["GetObject"]}, "The action is invalid since it is missing names"),
        ({"Marker": "not-a-simulation-marker"}, "Invalid marker for pagination."),
        (
            {"ResourceArns": [A], "ResourceHandlingOption": "EC2-VPC-EBS"},
            "Invalid input resource handling options. Action does not support resource handling options: s3:GetObject.",
        ),
    ],
)
def test_what_is_wrong_is_told_in_aws_words(world: World, given: dict[str, Any], message: str) -> None:
    assert invalid(world, **given) == message


class TestContextEntries:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (entry("", "string", "a"), "ContextKeyName cannot be null or empty."),
            (
                {"ContextKeyName": "stack:test", "ContextKeyValues": ["a"]},
                "Context key stack:test has invalid type null.",
            ),
            (entry("stack:test", "string"), "Context values for context key stack:test cannot be null or empty."),
            (entry("stack:test", "stringList"), "Context values for context key stack:test cannot be null or empty."),
            (entry("stack:test", "string", "a", "b"), "Context key string expected a single value, but received 2."),
            (
                entry("stack:test", "numeric", "0x10"),
                "Invalid context value for key stack:test: expected numeric format.",
            ),
            (
                entry("stack:test", "numericList", "1", "NaN"),
                "Invalid context value for key stack:test: expected numeric format.",
            ),
            (
                entry("stack:test", "date", "tomorrow"),
                "Invalid context value for key stack:test: expected DateTime format.",
            ),
            (entry("stack:test", "ip", "999.0.0.1"), "Invalid context value for key stack:test: expected IP address."),
            (
                entry("stack:test", "binary", "!base64"),
                "Invalid context value for key stack:test: expected base-64 encoded binary format.",
            ),
        ],
    )
    def test_a_bad_entry_is_refused(self, world: World, given: dict[str, Any], message: str) -> None:
        assert invalid(world, ContextEntries=[given]) == message

    def test_a_key_stands_once_in_any_case(self, world: World) -> None:
        twice = [entry("stack:test", "string", "a"), entry("STACK:TEST", "string", "b")]
        assert invalid(world, ContextEntries=twice) == "Duplicate context key: STACK:TEST."

    @pytest.mark.parametrize(
        ("kind", "value", "condition"),
        [
            ("string", "a", {"StringEquals": {"stack:test": "a"}}),
            ("numeric", "01.00", {"NumericEquals": {"stack:test": "1"}}),
            ("boolean", "TRUE", {"Bool": {"stack:test": "true"}}),
            ("ip", "10.1.2.3", {"IpAddress": {"stack:test": "10.0.0.0/8"}}),
            ("binary", "QQ==", {"BinaryEquals": {"stack:test": "QQ=="}}),
            ("date", "2035", {"DateGreaterThan": {"stack:test": "2030-01-01T00:00:00Z"}}),
        ],
    )
    def test_every_type_is_compared(self, world: World, kind: str, value: str, condition: dict[str, Any]) -> None:
        (operator, wanted), *_ = condition.items()
        documents = statement(Condition=condition), statement(Condition={f"ForAnyValue:{operator}": wanted})
        for document, given in ((documents[0], kind), (documents[1], f"{kind}List")):
            assert (
                custom(world, document, ContextEntries=[entry("stack:test", given, value)])[0]["EvalDecision"]
                == "allowed"
            )
            assert custom(world, document)[0]["EvalDecision"] == "implicitDeny"

    def test_an_empty_entry_is_no_entry(self, world: World) -> None:
        assert custom(world, statement(), ContextEntries=[{}])[0]["EvalDecision"] == "allowed"

    def test_what_is_given_stands_in_place_of_what_is_known_of_the_caller(self, world: World) -> None:
        document = statement(Condition={"StringEquals": {"aws:username": "bob"}})
        given = [entry("AWS:Username", "string", "bob")]
        assert custom(world, document, CallerArn=CALLER)[0]["EvalDecision"] == "implicitDeny"
        assert custom(world, document, CallerArn=CALLER, ContextEntries=given)[0]["EvalDecision"] == "allowed"


class TestPrincipals:
    def test_a_user_has_its_own_policies_and_those_of_its_groups(self, world: World) -> None:
        results = of(world, "user/staff/alice", "s3:UserThing", "s3:GroupThing", "s3:GetObject", "s3:RoleThing")
        # The attached policy allows all of s3.
        assert [sources(result) for result in results] == [
            ["user_alice_inline", "custom"],
            ["custom", "group_admins_inline"],
            ["custom", "ReadOnlyAccess"],
            ["custom"],
        ]
        assert results[0]["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}

    def test_a_group_and_a_role_have_theirs(self, world: World) -> None:
        assert sources(of(world, "group/admins", "s3:GroupThing")[0]) == ["group_admins_inline", "custom"]
        assert sources(of(world, "role/worker", "s3:RoleThing")[0]) == ["role_worker_inline", "custom"]
        assert "PermissionsBoundaryDecisionDetail" not in of(world, "role/worker", "s3:RoleThing")[0]

    def test_the_boundary_of_the_user_limits_it(self, world: World) -> None:
        (result,) = of(world, "user/staff/alice", "ec2:DescribeInstances")
        assert result["EvalDecision"] == "implicitDeny"
        assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}

    def test_a_boundary_that_is_given_takes_its_place(self, world: World) -> None:
        given: dict[str, Any] = {"PermissionsBoundaryPolicyInputList": [statement(action="ec2:*")]}
        (result,) = of(world, "user/staff/alice", "ec2:DescribeInstances", **given)
        assert (result["EvalDecision"], sources(result)) == ("allowed", ["ReadOnlyAccess"])

    def test_further_policies_are_added(self, world: World) -> None:
        (result,) = of(world, "user/staff/alice", "s3:UserThing", PolicyInputList=[statement("Deny", "s3:UserThing")])
        assert (result["EvalDecision"], sources(result)) == ("explicitDeny", ["PolicyInputList.1"])

    def test_it_is_found_by_its_name_whatever_the_path(self, world: World) -> None:
        assert of(world, "user/elsewhere/alice", "s3:UserThing")[0]["EvalDecision"] == "allowed"

    @pytest.mark.parametrize(
        ("source", "key", "value"),
        [
            ("user/staff/alice", "aws:username", "alice"),
            ("user/staff/alice", "aws:PrincipalTag/team", "red"),
            ("user/staff/alice", "aws:PrincipalArn", "arn:aws:iam::{account}:user/staff/alice"),
            ("user/staff/alice", "aws:PrincipalType", "User"),
            ("role/worker", "aws:PrincipalArn", "arn:aws:iam::{account}:role/worker"),
            ("role/worker", "aws:PrincipalTag/team", "red"),
            ("group/admins", "aws:PrincipalAccount", "{account}"),
        ],
    )
    def test_the_keys_of_the_principal_are_known(self, world: World, source: str, key: str, value: str) -> None:
        wanted = value.format(account=world.account_id)
        document = statement(action="sqs:*", Condition={"StringEquals": {key: wanted}})
        given: dict[str, Any] = {
            "PolicyInputList": [document],
            "PermissionsBoundaryPolicyInputList": [statement(action="*")],
        }
        assert sources(of(world, source, "sqs:SendMessage", **given)[0]) == ["PolicyInputList.1"]

    @pytest.mark.parametrize(
        ("caller", "key", "value"),
        [
            ("user/staff/alice", "aws:PrincipalTag/team", "red"),
            ("role/worker", "aws:PrincipalTag/team", "red"),
            ("group/admins", "aws:PrincipalType", "User"),
            ("group/none", "aws:PrincipalType", "User"),
            ("role/none", "aws:PrincipalType", "AssumedRole"),
        ],
    )
    def test_a_caller_that_is_named_is_known_if_it_is_there(
        self, world: World, caller: str, key: str, value: str
    ) -> None:
        document = statement(Condition={"StringEquals": {key: value}})
        named = f"arn:aws:iam::{world.account_id}:{caller}"
        assert custom(world, document, CallerArn=named)[0]["EvalDecision"] == "allowed"

    @pytest.mark.parametrize("caller", ["user/alice", "user/staff/ALICE"])
    def test_another_path_or_case_is_not_that_user(self, world: World, caller: str) -> None:
        document = statement(Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})
        named = f"arn:aws:iam::{world.account_id}:{caller}"
        assert custom(world, document, CallerArn=named)[0]["EvalDecision"] == "implicitDeny"

    def test_a_group_has_no_user_name(self, world: World) -> None:
        document = statement(action="sqs:*", Condition={"Null": {"aws:username": "true"}})
        assert of(world, "group/admins", "sqs:SendMessage", PolicyInputList=[document])[0]["EvalDecision"] == "allowed"

    def test_another_caller_has_the_policies_and_not_the_keys(self, world: World) -> None:
        document = statement(action="sqs:*", Condition={"StringEquals": {"aws:username": "bob"}})
        given: dict[str, Any] = {
            "PolicyInputList": [document],
            "PermissionsBoundaryPolicyInputList": [statement(action="*")],
        }
        bob = f"arn:aws:iam::{world.account_id}:user/bob"
        results = of(world, "user/staff/alice", "sqs:SendMessage", "s3:UserThing", CallerArn=bob, **given)
        assert [result["EvalDecision"] for result in results] == ["allowed", "allowed"]

    def test_each_resource_tells_its_details_and_missing_keys(self, world: World) -> None:
        conditional = statement(action="s3:PutObject", Condition={"StringEquals": {"stack:missing": "yes"}})
        given: dict[str, Any] = {
            "PolicyInputList": [conditional],
            "ResourceArns": [A],
            "ResourceOwner": f"arn:aws:iam::{OTHER}:root",
            "ResourcePolicy": of_resource("*"),
        }
        (result,) = of(world, "role/worker", "s3:PutObject", **given)
        (told,) = result["ResourceSpecificResults"]
        assert told["MissingContextValues"] == ["stack:missing"]
        assert told["EvalDecisionDetails"] == {"Resource Policy": "implicitDeny", "IAM Policy": "allowed"}

    def test_the_resources_policy_names_the_user_who_is_there(self, world: World) -> None:
        alice = f"arn:aws:iam::{world.account_id}:user/staff/alice"
        given: dict[str, Any] = {"ResourceArns": [A], "ResourcePolicy": of_resource(alice, "Deny")}
        assert of(world, "user/staff/alice", "s3:GetObject", **given)[0]["EvalDecision"] == "explicitDeny"
        assert of(world, "role/worker", "s3:GetObject", **given)[0]["EvalDecision"] == "allowed"

    @pytest.mark.parametrize(
        ("arn", "expected"),
        [
            (
                "arn:aws:sts::{account}:assumed-role/r/s",
                ("InvalidInput", "Invalid Entity Arn: {arn} does not clearly define entity type and name."),
            ),
            (
                "arn:aws:iam:us-east-1:{account}:user/alice",
                ("InvalidInput", "Invalid Entity Arn: {arn} does not clearly define entity type and name."),
            ),
            (
                f"arn:aws:iam::{OTHER}:user/alice",
                (
                    "InvalidInput",
                    "Invalid Policy Source Arn: caller's account {account} does not have access to policies in "
                    "account " + OTHER,
                ),
            ),
            ("arn:aws-cn:iam::{account}:user/alice", ("InvalidInput", "Invalid ARN partition")),
            ("arn:aws:iam::{account}:user/nobody", ("NoSuchEntity", "The user with name nobody cannot be found.")),
            ("arn:aws:iam::{account}:group/nobody", ("NoSuchEntity", "The group with name nobody cannot be found.")),
            ("arn:aws:iam::{account}:role/nobody", ("NoSuchEntity", "The role with name nobody cannot be found.")),
        ],
    )
    @pytest.mark.parametrize("operation", ["SimulatePrincipalPolicy", "GetContextKeysForPrincipalPolicy"])
    def test_another_source_is_refused(self, world: World, arn: str, expected: tuple[str, str], operation: str) -> None:
        source = arn.format(account=world.account_id)
        code, message = expected[0], expected[1].format(account=world.account_id, arn=source)
        asked: dict[str, Any] = {"PolicySourceArn": source, "ActionNames": ["s3:GetObject"]}
        assert refused(world, world.root, operation, **asked) == (code, message)


class TestExclusions:
    @pytest.mark.parametrize(
        ("identifier", "left"),
        [
            ({"PolicyType": "inline"}, ["custom", "ReadOnlyAccess"]),
            ({"PolicyType": "user-managed"}, ["user_alice_inline", "ReadOnlyAccess"]),
            ({"PolicyType": "aws-managed"}, ["user_alice_inline", "custom"]),
            ({"PolicyType": "rcp"}, ["user_alice_inline", "custom", "ReadOnlyAccess"]),
            ({"PolicyArn": READ_ONLY}, ["user_alice_inline", "custom"]),
            ({"PolicyArn": "arn:aws:iam::aws:policy/Read*"}, ["user_alice_inline", "custom"]),
            ({"PolicyArn": "arn:aws:iam::{account}:policy/custo?"}, ["user_alice_inline", "ReadOnlyAccess"]),
            ({"PolicyArn": "arn:aws:iam::{account}:policy/team/custom"}, ["user_alice_inline", "ReadOnlyAccess"]),
            (
                {
                    "InlinePolicyIdentifier": {
                        "PolicyName": "inline",
                        "AttachmentType": "user",
                        "AttachmentName": "alice",
                    }
                },
                ["custom", "ReadOnlyAccess"],
            ),
            (
                {"InlinePolicyIdentifier": {"PolicyName": "inline", "AttachmentType": "user", "AttachmentName": "bob"}},
                ["user_alice_inline", "custom", "ReadOnlyAccess"],
            ),
        ],
    )
    def test_what_is_left_out(self, world: World, identifier: dict[str, Any], left: list[str]) -> None:
        document = statement(action="s3:UserThing")
        named = {
            key: value.format(account=world.account_id) if isinstance(value, str) else value
            for key, value in identifier.items()
        }
        given: dict[str, Any] = {"PolicyExclusionList": [named], "PolicyInputList": [document]}
        kept = [
            *sources(of(world, "user/staff/alice", "s3:UserThing", **given)[0]),
            *sources(of(world, "user/staff/alice", "s3:GetObject", **given)[0]),
        ]
        assert [one for one in dict.fromkeys(kept) if one != "PolicyInputList.1"] == left

    def test_the_boundary_is_left_out_by_its_type_alone(self, world: World) -> None:
        arn = f"arn:aws:iam::{world.account_id}:policy/guards/boundary"
        for identifier, decision in (
            ({"PolicyType": "permission-boundary"}, "allowed"),
            ({"PolicyArn": arn}, "implicitDeny"),
        ):
            given: dict[str, Any] = {"PolicyExclusionList": [identifier]}
            assert of(world, "user/staff/alice", "ec2:DescribeInstances", **given)[0]["EvalDecision"] == decision

    @pytest.mark.parametrize(
        "identifier",
        [
            {},
            {"PolicyType": "inline", "PolicyArn": READ_ONLY},
            {"PolicyArn": "not an ARN, and long enough"},
            {"PolicyArn": "arn:aws:iam::*:policy/ReadOnlyAccess"},
            {"PolicyArn": "arn:aws:iam::aws:policy/*Only*"},
            {"PolicyArn": f"arn:aws:iam::{OTHER}:role/not-a-policy"},
        ],
    )
    def test_an_identifier_that_identifies_nothing_is_refused(self, world: World, identifier: dict[str, Any]) -> None:
        given: dict[str, Any] = {
            "PolicySourceArn": f"arn:aws:iam::{world.account_id}:user/alice",
            "ActionNames": ["s3:GetObject"],
            "PolicyExclusionList": [identifier],
        }
        assert refused(world, world.root, "SimulatePrincipalPolicy", **given)[0] == "InvalidInput"


def test_an_action_without_a_resource_is_decided_on_a_star(world: World) -> None:
    for document, decision in (
        (statement(action="ec2:*"), "allowed"),
        (statement(action="ec2:*", resource=A), "implicitDeny"),
    ):
        (result,) = custom(world, document, actions=("ec2:DescribeInstances",), ResourceArns=[A])
        assert result["EvalDecision"] == decision
        assert result["ResourceSpecificResults"][0]["EvalResourceName"] == A


def test_a_scenario_of_run_instances_is_taken(world: World) -> None:
    instance = "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0"
    given: dict[str, Any] = {"ResourceArns": [instance], "ResourceHandlingOption": "EC2-VPC-EBS-Subnet"}
    (result,) = custom(world, statement(action="ec2:*"), actions=("ec2:RunInstances",), **given)
    assert result["EvalDecision"] == "allowed"


class TestPaging:
    def test_pages_hold_whole_actions_in_their_order(self, world: World) -> None:
        actions = [f"s3:A{number}" for number in range(12)] + ["s3:A0"]
        told: list[str] = []
        marker: dict[str, Any] = {}
        while True:
            given: dict[str, Any] = {"PolicyInputList": [statement()], "ActionNames": actions, "MaxItems": 5, **marker}
            answer = world.call(world.root, "SimulateCustomPolicy", **given)
            told += [result["EvalActionName"] for result in answer["EvaluationResults"]]
            if not answer["IsTruncated"]:
                break
            marker = {"Marker": answer["Marker"]}
        assert told == actions

    def test_a_page_has_a_hundred_if_nothing_is_said(self, world: World) -> None:
        given: dict[str, Any] = {"PolicyInputList": [], "ActionNames": [f"s3:A{number}" for number in range(101)]}
        answer = world.call(world.root, "SimulateCustomPolicy", **given)
        assert (len(answer["EvaluationResults"]), answer["IsTruncated"]) == (100, True)

    def test_work_ends_a_page_early(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        given: dict[str, Any] = {"PolicyInputList": [statement()], "ActionNames": ["s3:A", "s3:B", "s3:C"]}
        weight = _weight(world, monkeypatch, given)
        for most, told in ((3 * weight, 3), (3 * weight - 1, 2), (1, 1)):
            set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_in_page=most)
            answer = world.call(world.root, "SimulateCustomPolicy", **given)
            assert (len(answer["EvaluationResults"]), answer["IsTruncated"]) == (told, told < 3)

    def test_too_much_work_for_one_action_is_refused(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        given: dict[str, Any] = {"PolicyInputList": [statement()], "ActionNames": ["s3:GetObject"]}
        weight = _weight(world, monkeypatch, given)
        set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_for_action=2 * weight)
        assert world.call(world.root, "SimulateCustomPolicy", **given, ResourceArns=[A, B])
        refusal = refused(world, world.root, "SimulateCustomPolicy", **given, ResourceArns=[A, B, A])
        message = "The simulation of s3:GetObject is too large: ask for fewer resources or policies at a time."
        assert refusal == ("InvalidInput", message)

    def test_statements_end_a_page_early(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        given: dict[str, Any] = {"PolicyInputList": [statement()], "ActionNames": ["s3:GetObject"] * 3}
        for most, told in ((3, 3), (2, 2)):
            set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_statements=most)
            answer = world.call(world.root, "SimulateCustomPolicy", **given)
            assert (len(answer["EvaluationResults"]), answer["IsTruncated"]) == (told, told < 3)
        set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_statements=2)
        first = world.call(world.root, "SimulateCustomPolicy", **given)
        rest = world.call(world.root, "SimulateCustomPolicy", **given, Marker=first["Marker"])
        assert (len(rest["EvaluationResults"]), rest["IsTruncated"]) == (1, False)
        set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_statements=0)
        assert refused(world, world.root, "SimulateCustomPolicy", **given)[0] == "InvalidInput"


def _weight(world: World, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any]) -> int:
    """What one action of the simulation costs: the smallest limit that lets it through."""
    low, high = 0, 10_000
    while high - low > 1:
        middle = (low + high) // 2
        set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_for_action=middle)
        try:
            world.call(world.root, "SimulateCustomPolicy", **given)
        except Exception:
            low = middle
        else:
            high = middle
    set_quotas(monkeypatch, "SimulateCustomPolicy", simulated_for_action=10**9)
    return high


class TestContextKeys:
    def test_of_policies_given(self, world: World) -> None:
        documents = [
            statement(resource="arn:aws:s3:::b/${aws:username}"),
            statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
        ]
        answer = world.call(world.root, "GetContextKeysForCustomPolicy", PolicyInputList=documents)
        assert answer == {"ContextKeyNames": ["aws:username", "aws:SourceIp"]}

    def test_of_a_principal_and_further_policies(self, world: World) -> None:
        further = statement(Condition={"StringEquals": {"aws:RequestTag/x": "y"}})
        given: dict[str, Any] = {
            "PolicySourceArn": f"arn:aws:iam::{world.account_id}:user/alice",
            "PolicyInputList": [further],
        }
        answer = world.call(world.root, "GetContextKeysForPrincipalPolicy", **given)
        assert answer["ContextKeyNames"][-1] == "aws:RequestTag/x"

    def test_a_bad_policy_is_refused(self, world: World) -> None:
        expected = ("InvalidInput", "Policy input list item 2 has invalid content")
        given: dict[str, Any] = {"PolicyInputList": [statement(), "[]"]}
        assert refused(world, world.root, "GetContextKeysForCustomPolicy", **given) == expected


class TestWhoMay:
    def test_each_needs_its_permission_on_the_principal(self, world: World) -> None:
        alice = f"arn:aws:iam::{world.account_id}:user/staff/alice"
        may = world.user("may", [allow("iam:Simulate*", "iam:GetContextKeys*", resource=alice)])
        given: dict[str, Any] = {"PolicySourceArn": alice, "ActionNames": ["s3:GetObject"]}
        assert world.call(may, "SimulatePrincipalPolicy", **given)
        assert world.call(may, "GetContextKeysForPrincipalPolicy", PolicySourceArn=alice)
        other = {**given, "PolicySourceArn": f"arn:aws:iam::{world.account_id}:role/worker"}
        assert refused(world, may, "SimulatePrincipalPolicy", **other)[0] == "AccessDenied"
        # A caller may not ask about itself either, unless a policy says so.
        itself = {**given, "PolicySourceArn": f"arn:aws:iam::{world.account_id}:user/may"}
        assert refused(world, may, "SimulatePrincipalPolicy", **itself)[0] == "AccessDenied"

    def test_a_stranger_does_not_learn_who_is_there(self, world: World) -> None:
        stranger = world.user("stranger", [])
        told = []
        for name in ("alice", "nobody"):
            source = f"arn:aws:iam::{world.account_id}:user/{name}"
            code, message = refused(
                world, stranger, "SimulatePrincipalPolicy", PolicySourceArn=source, ActionNames=["s3:GetObject"]
            )
            told.append((code, message.replace(name, "X")))
        assert told[0] == told[1]
        assert told[0][0] == "AccessDenied"

    def test_a_custom_simulation_needs_a_permission_without_a_resource(self, world: World) -> None:
        given: dict[str, Any] = {"PolicyInputList": [statement()], "ActionNames": ["s3:GetObject"]}
        may = world.user("customer", [allow("iam:SimulateCustomPolicy")])
        assert world.call(may, "SimulateCustomPolicy", **given)
        may_not = world.user("no-customer", [allow("iam:SimulateCustomPolicy"), deny("iam:SimulateCustomPolicy")])
        assert refused(world, may_not, "SimulateCustomPolicy", **given)[0] == "AccessDenied"


def test_answers_are_of_the_form_of_the_model(world: World) -> None:
    given: dict[str, Any] = {
        "CallerArn": CALLER,
        "ResourcePolicy": of_resource("*"),
        "ResourceArns": [A, B],
        "ResourceOwner": f"arn:aws:iam::{OTHER}:root",
        "PermissionsBoundaryPolicyInputList": [statement()],
        "OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": [statement(action="*")]}],
    }
    asked: dict[str, Any] = {
        "PolicyInputList": [statement()],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "MaxItems": 1,
    }
    answer = world.call(world.root, "SimulateCustomPolicy", **asked, **given)
    assert answer["EvaluationResults"][0]["EvalDecisionDetails"]
    assert fits_the_model("SimulateCustomPolicy", answer)
    keys = world.call(world.root, "GetContextKeysForCustomPolicy", PolicyInputList=[statement()])
    assert fits_the_model("GetContextKeysForCustomPolicy", keys)


def test_they_are_prepared_outside_of_the_event_loop() -> None:
    for name in ("SimulateCustomPolicy", "SimulatePrincipalPolicy", "GetContextKeysForCustomPolicy"):
        assert iam.operations[name].prepare is not None
