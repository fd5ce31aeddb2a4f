"""What services will do in the name of what a request sets up: a function that nothing can run is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

FUNCTIONS, MAPPINGS = "/2015-03-31/functions", "/2015-03-31/event-source-mappings"
NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."


def trust(service: str, **condition: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement | condition})


@pytest.fixture
def roles(behind: Behind) -> Iterator[Any]:
    """IAM, of the root user; its roles are gone afterwards."""
    iam = behind.server.client("iam")
    yield iam
    for role in iam.list_roles()["Roles"]:
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            iam.delete_role_policy(RoleName=role["RoleName"], PolicyName=name)
        iam.delete_role(RoleName=role["RoleName"])


def new_function(role: str) -> dict[str, Any]:
    return {
        "FunctionName": "f",
        "Role": role,
        "Handler": "h",
        "Runtime": "python3.13",
        "Code": {"ZipFile": b"code"},
    }


def test_a_function_has_a_role_that_lambda_can_assume(behind: Behind, roles: Any) -> None:
    functions = behind.client("lambda")
    behind.aws.answers[FUNCTIONS] = Told(body={"FunctionName": "f"}, status=201)
    behind.aws.answers["CreateRole"] = Told(body=b"<CreateRoleResponse/>", headers={"content-type": "text/xml"})
    for path, name, trusted in (
        ("/", "good", trust("lambda.amazonaws.com")),
        ("/a/", "other", trust("ec2.amazonaws.com")),
    ):
        roles.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=trusted)
    own = {"StringEquals": {"aws:SourceAccount": behind.account}}
    roles.create_role(RoleName="own", AssumeRolePolicyDocument=trust("lambda.amazonaws.com", Condition=own))
    arn = f"arn:aws:iam::{behind.account}:role"
    elsewhere = "arn:aws:iam::111122223333:role/good"
    for role in (f"{arn}/a/other", f"{arn}/nobody", f"{arn}/a/good", elsewhere):
        for call, given in (
            (functions.create_function, new_function(role)),
            (functions.update_function_configuration, {"FunctionName": "f", "Role": role}),
        ):
            error = refusal(call, **given)
            assert (error["Code"], error["Message"]) == (
                ("AccessDeniedException", "Cross-account pass role is not allowed.")
                if role == elsewhere
                else ("InvalidParameterValueException", NOT_ASSUMED)
            )
    assert behind.aws.requests == []
    functions.create_function(**new_function(f"{arn}/good"))
    functions.create_function(**new_function(f"{arn}/own"))
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"})
    assert refusal(functions.create_function, **new_function(f"{arn}/good"))["Code"] == "AccessDeniedException"
    assert behind.aws.operations == ["CreateRole", FUNCTIONS] * 2


def test_wrong_items_of_a_list_are_told_with_what_they_may_be(behind: Behind) -> None:
    given = {**new_function(f"arn:aws:iam::{behind.account}:role/r"), "Architectures": ["foo"]}
    assert refusal(behind.client("lambda").create_function, **given)["Message"] == (
        "1 validation error detected: Value '[foo]' at 'architectures' failed to satisfy constraint: Member must "
        "satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )


def test_an_upstream_that_takes_no_others_roles_is_told_of_them(behind: Behind, roles: Any) -> None:
    """moto looks for the role of a function among its own."""
    roles.create_role(Path="/a/", RoleName="good", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    functions, given = behind.client("lambda"), new_function(f"arn:aws:iam::{behind.account}:role/a/good")
    behind.aws.answers[FUNCTIONS] = Told(body={"FunctionName": "f"}, status=201)
    for status, refused in ((409, False), (500, True)):
        behind.aws.answers["CreateRole"] = Told(body=b"<ErrorResponse/>", status=status)
        if refused:
            assert refusal(functions.create_function, **given)["status"] == 503
        else:
            functions.create_function(**given)
    told = behind.aws.requests[0]
    asked = dict(parse_qsl(told.body.decode()))
    assert (asked["RoleName"], asked["Path"]) == ("good", "/a/")
    assert told.headers["x-moto-account-id"] == behind.account
    assert "/us-east-1/iam/aws4_request" in told.headers["authorization"]
    assert behind.aws.operations == ["CreateRole", FUNCTIONS, "CreateRole"]


@pytest.mark.parametrize(
    ("source", "actions", "sentence"),
    [
        (
            "arn:aws:sqs:us-east-1:{}:q",
            ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "The provided execution role does not have permissions to call GetQueueAttributes on SQS",
        ),
        (
            "arn:aws:dynamodb:us-east-1:{}:table/t/stream/2026",
            ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"],
            (
                "Cannot access stream arn:aws:dynamodb:us-east-1:{}:table/t/stream/2026. Please ensure the role can "
                "perform the GetRecords, GetShardIterator, DescribeStream, and ListStreams Actions on your stream in "
                "IAM."
            ),
        ),
    ],
    ids=["sqs", "dynamodb"],
)
def test_the_role_of_a_function_can_read_its_event_source(
    behind: Behind, roles: Any, source: str, actions: list[str], sentence: str
) -> None:
    roles.create_role(RoleName="good", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    functions = behind.client("lambda")
    configuration = {"FunctionName": "f", "Role": f"arn:aws:iam::{behind.account}:role/good"}
    behind.aws.answers[f"{FUNCTIONS}/f/configuration"] = Told(body=configuration)
    behind.aws.answers[MAPPINGS] = Told(body={"UUID": "u"}, status=202)
    arn = source.format(behind.account)

    def mapped(allowed: list[str]) -> dict[str, Any]:
        statement = {"Effect": "Allow", "Action": allowed, "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
        roles.put_role_policy(RoleName="good", PolicyName="p", PolicyDocument=policy)
        return {"FunctionName": "f", "EventSourceArn": arn, "StartingPosition": "LATEST"}

    error = refusal(functions.create_event_source_mapping, **mapped(actions[:-1]))
    assert (error["Code"], error["Message"]) == ("InvalidParameterValueException", sentence.format(behind.account))
    functions.create_event_source_mapping(**mapped(actions))
    assert behind.aws.operations == [f"{FUNCTIONS}/f/configuration"] * 2 + [MAPPINGS]


def test_whether_a_subscription_will_be_delivered_to_is_in_the_log(behind: Behind) -> None:
    """AWS refuses no subscription to a queue whose policy does not let Amazon SNS in."""
    topic, queue = (
        f"arn:aws:{service}:us-east-1:{behind.account}:{name}" for service, name in (("sns", "t"), ("sqs", "q"))
    )
    url = f"{behind.server.endpoint}/{behind.account}/q"
    subscribed = b"<SubscribeResponse><SubscribeResult/></SubscribeResponse>"
    behind.aws.answers["Subscribe"] = Told(body=subscribed, headers={"content-type": "text/xml"})
    behind.aws.answers["GetQueueAttributes"] = Told(body={"Attributes": {"QueueArn": queue}})

    def verdict(from_topic: str) -> str:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": from_topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
        behind.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        behind.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        (told,) = behind.last_event()["additionalEventData"]["deliveries"]
        assert (told["action"], told["resource"]) == ("sqs:SendMessage", queue)
        return str(told["verdict"])

    assert verdict(topic) == "allowed"
    assert verdict(f"{topic}2") == "implicitDeny"
    behind.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
    assert "deliveries" not in behind.last_event()["additionalEventData"]


def test_whether_a_rule_reaches_its_targets_is_in_the_log(behind: Behind) -> None:
    """EventBridge asks as itself, for the rule; a target that it reaches by a role is the role's."""
    here = f"us-east-1:{behind.account}"
    function, rule = f"arn:aws:lambda:{here}:function:g", f"arn:aws:events:{here}:rule/nightly"
    behind.aws.answers[f"{FUNCTIONS}/g"] = Told(body={"Configuration": {"FunctionArn": function}})
    behind.client("lambda").add_permission(
        FunctionName="g",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    behind.aws.answers["PutTargets"] = Told(body={"FailedEntryCount": 0, "FailedEntries": []})
    by_role = {"Id": "r", "Arn": f"arn:aws:sqs:{here}:q", "RoleArn": f"arn:aws:iam::{behind.account}:role/r"}
    targets = [{"Id": "f", "Arn": function}, {"Id": "q", "Arn": f"arn:aws:sqs:{here}:none"}, by_role]
    for name, verdict in (("nightly", "allowed"), ("daily", "implicitDeny")):
        behind.client("events").put_targets(Rule=name, Targets=targets)
        told = behind.last_event()["additionalEventData"]["deliveries"]
        assert [(one["action"], one["verdict"]) for one in told] == [
            ("lambda:InvokeFunction", verdict),
            ("sqs:SendMessage", "implicitDeny"),
        ]
