"""Services that only the table knows: decided by it, made anew and sent on."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told

HERE = "arn:aws:{}:us-east-1:{}:{}"


@pytest.mark.parametrize(
    ("service", "call", "given", "action", "resource"),
    [
        ("ecr", "describe_images", {"repositoryName": "team/app"}, "ecr:DescribeImages", "repository/team/app"),
        ("events", "list_targets_by_rule", {"Rule": "r"}, "events:ListTargetsByRule", "rule/r"),
        ("kinesis", "describe_stream", {"StreamName": "s"}, "kinesis:DescribeStream", "stream/s"),
        (
            "logs",
            "get_log_events",
            {"logGroupName": "/app", "logStreamName": "a"},
            "logs:GetLogEvents",
            "log-group:/app:log-stream:a",
        ),
        ("ssm", "get_parameter", {"Name": "/db/url"}, "ssm:GetParameter", "parameter/db/url"),
        (
            "stepfunctions",
            "describe_state_machine",
            {"stateMachineArn": "arn:aws:states:us-east-1:{}:stateMachine:m"},
            "states:DescribeStateMachine",
            "stateMachine:m",
        ),
        ("ec2", "start_instances", {"InstanceIds": ["i-1"]}, "ec2:StartInstances", "instance/i-1"),
    ],
)
def test_a_request_is_decided_and_sent_on(
    behind: Behind, service: str, call: str, given: dict[str, Any], action: str, resource: str
) -> None:
    behind.aws.answers["StartInstances"] = Told(body=b"<StartInstancesResponse/>")
    arn = HERE.format(action.partition(":")[0], behind.account, resource)
    filled = {name: value.format(behind.account) if isinstance(value, str) else value for name, value in given.items()}
    behind.allow({"Effect": "Allow", "Action": action, "Resource": arn})
    client = behind.client(service)
    getattr(client, call)(**filled)
    (sent,) = behind.aws.requests
    assert sent.headers["x-moto-account-id"] == behind.account
    assert behind.key[0] not in sent.headers["authorization"]
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "*", "Resource": arn})
    error = refusal(getattr(client, call), **filled)
    assert error["Code"] == ("UnauthorizedOperation" if service == "ec2" else "AccessDeniedException")
    assert f"is not authorized to perform: {action} on resource: {arn} with an explicit deny" in error["Message"]
    assert len(behind.aws.requests) == 1


def test_amazon_ec2_denies_in_its_own_words(behind: Behind) -> None:
    behind.allow({"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
    ec2 = behind.client("ec2")
    read, change = refusal(ec2.describe_instances), refusal(ec2.terminate_instances, InstanceIds=["i-1"])
    assert (read["Code"], read["status"]) == ("UnauthorizedOperation", 403)
    assert read["Message"].startswith("You are not authorized to perform this operation. User: ")
    assert "Encoded authorization failure message" not in read["Message"]
    encoded = change["Message"].partition("Encoded authorization failure message: ")[2]
    decoded = behind.server.client("sts").decode_authorization_message(EncodedMessage=encoded)
    assert "ec2:TerminateInstances" in decoded["DecodedMessage"]
    assert behind.aws.requests == []


def test_carnet_answers_its_own_of_amazon_ec2(behind: Behind) -> None:
    assert behind.client("ec2").describe_regions()["Regions"]
    assert behind.aws.requests == []


def test_tags_of_an_instance(behind: Behind) -> None:
    red = {"StringEquals": {"aws:ResourceTag/team": "red"}}
    behind.allow({"Effect": "Allow", "Action": "ec2:*", "Resource": "*", "Condition": red})
    tags = b"<DescribeTagsResponse><tagSet><item><resourceId>i-1</resourceId><key>team</key><value>%s</value></item>"
    for value in (b"red", b"blue"):
        behind.aws.answers["DescribeTags"] = Told(body=tags % value + b"</tagSet></DescribeTagsResponse>")
        behind.aws.answers["StartInstances"] = Told(body=b"<StartInstancesResponse/>")
        if value == b"red":
            behind.client("ec2").start_instances(InstanceIds=["i-1"])
        else:
            assert refusal(behind.client("ec2").start_instances, InstanceIds=["i-1"])["Code"] == "UnauthorizedOperation"
    assert behind.aws.operations == ["DescribeTags", "StartInstances", "DescribeTags"]


@pytest.mark.parametrize(
    ("service", "call", "given"),
    [
        ("ecr", "set_repository_policy", {"repositoryName": "repo", "policyText": "{}"}),
        ("ecr", "get_repository_policy", {"repositoryName": "repo"}),
        ("events", "put_permission", {"Action": "events:PutEvents", "Principal": "*", "StatementId": "s"}),
        (
            "kinesis",
            "put_resource_policy",
            {"ResourceARN": "arn:aws:kinesis:us-east-1:111122223333:stream/s", "Policy": "{}"},
        ),
        ("logs", "put_resource_policy", {"policyName": "p", "policyDocument": "{}"}),
        ("logs", "put_destination_policy", {"destinationName": "d", "accessPolicy": "{}"}),
        ("ssm", "get_resource_policies", {"ResourceArn": "arn:aws:ssm:us-east-1:1:parameter/p" + "x" * 9}),
        ("ec2", "create_vpc_endpoint", {"VpcId": "v", "ServiceName": "s", "PolicyDocument": "{}"}),
        # In no table, and in no profile.
        ("ec2", "create_flow_logs", {"ResourceIds": ["v"], "ResourceType": "VPC"}),
        ("ssm", "create_activation", {"IamRole": "r"}),
    ],
)
def test_what_is_not_certain_is_not_sent(behind: Behind, service: str, call: str, given: dict[str, Any]) -> None:
    error = refusal(getattr(behind.client(service), call), **given)
    assert error["status"] == 400
    assert error["Code"].removesuffix("Exception") in (
        "NotImplemented",
        "UnsupportedOperation",
        "InvalidParameterValue",
    )
    assert behind.aws.requests == []


def test_a_denial_of_what_a_ciphertext_tells_names_no_key(behind: Behind) -> None:
    """Of the own account, and of another, of which not even that is told."""
    kms, action = behind.client("kms"), "kms:Decrypt"
    blob = KEY_ID.encode() + b" the rest"
    associated = f"is not authorized to perform: {action} on the resource associated with this ciphertext"
    behind.allow({"Effect": "Allow", "NotAction": action, "Resource": "*"})
    told = refusal(kms.decrypt, CiphertextBlob=blob)["Message"]
    assert told.endswith(f"{associated} because no identity-based policy allows the {action} action")
    named = refusal(kms.decrypt, CiphertextBlob=blob, KeyId=KEY_ID)["Message"]
    assert f"{action} on resource: {behind.key_arn()} because" in named
    behind.allow(EVERYTHING)
    theirs = f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}"
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": theirs}})
    told = refusal(kms.decrypt, CiphertextBlob=blob, KeyId=theirs)["Message"]
    assert f"{action} on this resource because the resource does not exist in this Region" in told


def test_a_denial_tells_no_foreign_names(behind: Behind) -> None:
    """Not of which key an alias of another account is."""
    alias = "arn:aws:kms:us-east-1:111122223333:alias/theirs"
    arn = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": arn}})
    error = refusal(behind.client("kms").encrypt, KeyId=alias, Plaintext=b"x")
    assert error["Message"].endswith(
        "is not authorized to perform: kms:Encrypt on this resource because the resource does not exist in this "
        "Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    )
    assert "11111111" not in error["Message"]
    behind.allow({"Effect": "Deny", "Action": "kms:*", "Resource": "*"})
    denied = refusal(behind.client("kms").encrypt, KeyId=alias, Plaintext=b"x")["Message"]
    assert f"on resource: {alias} with an explicit deny" in denied
    assert "11111111" not in denied
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn()}})
    behind.allow({"Effect": "Deny", "Action": "kms:*", "Resource": "*"})
    assert behind.key_arn() in refusal(behind.client("kms").encrypt, KeyId="alias/mine", Plaintext=b"x")["Message"]


def test_an_answer_in_xml_has_the_id_by_which_the_call_is_explained(behind: Behind) -> None:
    theirs = "<ResponseMetadata><RequestId>theirs</RequestId></ResponseMetadata>"
    topics = f"<ListTopicsResponse><ListTopicsResult/>{theirs}</ListTopicsResponse>"
    behind.aws.answers["ListTopics"] = Told(body=topics.encode())
    sns = behind.client("sns")
    assert sns.list_topics()["ResponseMetadata"]["RequestId"] == behind.last_event()["requestID"]
    none = "<ErrorResponse><Error><Code>NotFound</Code></Error><RequestId>theirs</RequestId></ErrorResponse>"
    behind.aws.answers["ListTopics"] = Told(status=404, body=none.encode())
    with pytest.raises(ClientError) as caught:
        sns.list_topics()
    assert caught.value.response["Error"]["Code"] == "NotFound"
    assert caught.value.response["ResponseMetadata"]["RequestId"] == behind.last_event()["requestID"]


def test_an_error_has_its_message_where_aws_has_it(behind: Behind) -> None:
    none = {"__type": "ResourceNotFoundException", "message": "Secrets Manager can't find the specified secret."}
    behind.aws.answers["DescribeSecret"] = Told(status=400, body=none)
    with pytest.raises(ClientError) as caught:
        behind.client("secretsmanager").describe_secret(SecretId="none")
    told: Any = caught.value.response
    assert told["Message"] == told["Error"]["Message"] == none["message"]
