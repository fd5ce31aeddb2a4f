"""The AWS CLI and boto3 through the gateway to moto, which checks nothing."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.clients.running import AWS, RunningServer, running_server
from tests.clients.test_aws_cli import Cli, allow
from tests.clients.test_gateway_s3 import moto as running_moto
from tests.clients.test_terraform import initialized


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of a moto of the tests' own."""
    with running_moto() as (upstream, _):
        yield upstream.removeprefix("moto=")


@pytest.fixture(scope="module")
def server(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("gateway") / "data", "--upstream", f"moto={moto}") as running:
        yield running


@pytest.fixture(scope="module")
def user(server: RunningServer) -> dict[str, str]:
    """The key of a user who may do nothing."""
    iam = client(server, "iam")
    iam.create_user(UserName="ada")
    key: dict[str, str] = iam.create_access_key(UserName="ada")["AccessKey"]
    return key


def client(server: RunningServer, service: str, key: dict[str, str] | None = None) -> Any:
    make: Any = boto3.client
    environment = server.environment
    return make(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"] if key else environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["SecretAccessKey"] if key else environment["AWS_SECRET_ACCESS_KEY"],
    )


def permit(server: RunningServer, action: str, resource: str = "*") -> None:
    client(server, "iam").put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=allow(action, resource))


def permit_if(server: RunningServer, action: str, condition: dict[str, Any]) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    client(server, "iam").put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=document)


def denied(call: Any, **given: Any) -> None:
    with pytest.raises(ClientError) as caught:
        call(**given)
    code = caught.value.response.get("Error", {}).get("Code")
    assert code in ("AccessDenied", "AccessDeniedException", "AuthorizationError"), caught.value


def test_queues(server: RunningServer, user: dict[str, str]) -> None:
    sqs = client(server, "sqs", user)
    permit(server, "sqs:CreateQueue")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    assert url == f"{server.endpoint}/{server.account_id}/orders"
    denied(sqs.send_message, QueueUrl=url, MessageBody="hello")
    arn = f"arn:aws:sqs:us-east-1:{server.account_id}:orders"
    permit(server, "sqs:*", arn)
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    denied(sqs.create_queue, QueueName="another")


def test_keys(server: RunningServer, user: dict[str, str]) -> None:
    root, kms = client(server, "kms"), client(server, "kms", user)
    key = root.create_key()["KeyMetadata"]
    root.create_alias(AliasName="alias/mine", TargetKeyId=key["KeyId"])
    permit(server, "kms:Encrypt", key["Arn"])
    sealed = kms.encrypt(KeyId="alias/mine", Plaintext=b"hello")["CiphertextBlob"]
    denied(kms.decrypt, CiphertextBlob=sealed)
    assert root.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"hello"
    again = root.re_encrypt(CiphertextBlob=sealed, DestinationKeyId="alias/mine")["CiphertextBlob"]
    ada = f"arn:aws:iam::{server.account_id}:user/ada"
    only_ours = {"EncryptionContextSubset": {"app": "ours"}}
    grant = root.create_grant(KeyId=key["KeyId"], GranteePrincipal=ada, Operations=["Decrypt"])
    assert kms.decrypt(CiphertextBlob=again, GrantTokens=[grant["GrantToken"]])["Plaintext"] == b"hello"
    root.retire_grant(GrantToken=grant["GrantToken"])
    root.create_grant(KeyId=key["KeyId"], GranteePrincipal=ada, Operations=["Decrypt"], Constraints=only_ours)
    denied(kms.decrypt, CiphertextBlob=sealed)


def test_secrets(server: RunningServer, user: dict[str, str]) -> None:
    root, secrets = client(server, "secretsmanager"), client(server, "secretsmanager", user)
    arn = root.create_secret(Name="db", SecretString="hunter2")["ARN"]
    permit(server, "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:*:{server.account_id}:secret:db-??????")
    assert secrets.get_secret_value(SecretId="db")["SecretString"] == "hunter2"
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "hunter2"
    denied(secrets.delete_secret, SecretId="db")


def test_tables(server: RunningServer, user: dict[str, str]) -> None:
    root, table = client(server, "dynamodb"), client(server, "dynamodb", user)
    root.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    permit(server, "dynamodb:PutItem", f"arn:aws:dynamodb:us-east-1:{server.account_id}:table/t")
    table.put_item(TableName="t", Item={"k": {"S": "a"}})
    denied(table.get_item, TableName="t", Key={"k": {"S": "a"}})
    write = {"t": [{"PutRequest": {"Item": {"k": {"S": "b"}}}}]}
    denied(table.batch_write_item, RequestItems=write)
    assert root.get_item(TableName="t", Key={"k": {"S": "a"}})["Item"] == {"k": {"S": "a"}}


def zipped(more: bytes = b"") -> bytes:
    """The code of a function."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): return event\n")
        archive.writestr("more", more)
    return into.getvalue()


def test_functions_of_megabytes(server: RunningServer, user: dict[str, str]) -> None:
    """moto takes none with a role that it does not know. The waiters and paginators of boto3 go on here."""
    permit(server, "*")
    functions, iam, code = client(server, "lambda", user), client(server, "iam"), zipped(os.urandom(3_000_000))
    role = f"arn:aws:iam::{server.account_id}:role/fn"
    given = {"FunctionName": "fn", "Role": role, "Handler": "f.handler", "Runtime": "python3.13"}
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        functions.create_function(**given, Code={"ZipFile": code})
    trusted = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trusted})
    iam.create_role(RoleName="fn", AssumeRolePolicyDocument=document)
    functions.create_function(**given, Code={"ZipFile": code})
    functions.get_waiter("function_active_v2").wait(FunctionName="fn")
    functions.update_function_code(FunctionName="fn", ZipFile=code)
    functions.get_waiter("function_updated_v2").wait(FunctionName="fn")
    pages = functions.get_paginator("list_functions").paginate()
    assert [one["CodeSize"] for page in pages for one in page["Functions"]] == [len(code)]
    payload = json.dumps("a" * 2_000_000)
    assert functions.invoke(FunctionName="fn", InvocationType="DryRun", Payload=payload)["StatusCode"] == 204
    queue = f"arn:aws:sqs:us-east-1:{server.account_id}:events"
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
        functions.create_event_source_mapping(FunctionName="fn", EventSourceArn=queue)
    permit(server, "lambda:*", f"arn:aws:lambda:us-east-1:{server.account_id}:function:other")
    denied(functions.invoke, FunctionName="fn", Payload=payload)


def test_statements_of_partiql_with_the_aws_cli(server: RunningServer, user: dict[str, str]) -> None:
    if not Path(AWS).exists():
        pytest.skip("the AWS CLI is not set up: make clients")
    root = client(server, "dynamodb")
    root.create_table(
        TableName="said",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    root.get_waiter("table_exists").wait(TableName="said")
    table = f"arn:aws:dynamodb:us-east-1:{server.account_id}:table/said"
    permit(server, "dynamodb:PartiQLSelect", table)
    ada = Cli(server.client_environment()).with_keys(user)
    root.put_item(TableName="said", Item={"k": {"S": "a"}})
    found = ada("dynamodb", "execute-statement", "--statement", "SELECT * FROM said WHERE k = 'a'")
    assert found["Items"] == [{"k": {"S": "a"}}]
    said = ada.error("dynamodb", "execute-statement", "--statement", "DELETE FROM said WHERE k = 'a'")
    assert f"is not authorized to perform: dynamodb:PartiQLDelete on resource: {table}" in said


def test_no_statement_reaches_another_table_of_moto(server: RunningServer, user: dict[str, str]) -> None:
    root = client(server, "dynamodb")
    for name in ("open", "secret"):
        root.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for key in ("own", "other"):
            root.put_item(TableName=name, Item={"k": {"S": key}, "of": {"S": name}})
    permit(server, "dynamodb:PartiQL*", f"arn:aws:dynamodb:us-east-1:{server.account_id}:table/open")
    ada = client(server, "dynamodb", user)
    hostile = (
        "SELECT k,of\tFROM\topen WHERE secret = 'x'",
        'SELECT k , "FROM" , of FROM "open"',
        'SELECT "x FROM secret WHERE k" FROM "open" WHERE k = \'own\'',
        "SELECT k, of FROM open WHERE k = 'x FROM secret WHERE '",
        "SELECT xselect secret FROM open",
        "DELETE FROM open WHERE k IN ['own']",
        "UPDATE open SET of = 'x''WHERE \"k\"=\"other\"' WHERE k = 'own'",
    )
    for statement in hostile:
        try:
            found = ada.execute_statement(Statement=statement)["Items"]
        except ada.exceptions.ClientError:
            continue
        assert all(item.get("of", {"S": "open"}) == {"S": "open"} for item in found), statement
    left = {item["k"]["S"]: item["of"]["S"] for item in root.scan(TableName="open")["Items"]}
    assert left.keys() == {"own", "other"}
    assert left["other"] == "open"
    assert root.scan(TableName="secret")["Count"] == 2


def test_topics_with_the_aws_cli(server: RunningServer, user: dict[str, str]) -> None:
    if not Path(AWS).exists():
        pytest.skip("the AWS CLI is not set up: make clients")
    root = Cli(server.client_environment())
    topic = root("sns", "create-topic", "--name", "news")["TopicArn"]
    assert topic == f"arn:aws:sns:us-east-1:{server.account_id}:news"
    ada = root.with_keys(user)
    permit(server, "sns:ListTopics")
    assert ada("sns", "list-topics") == {"Topics": [{"TopicArn": topic}]}
    said = ada.error("sns", "publish", "--topic-arn", topic, "--message", "hello")
    assert "is not authorized to perform: SNS:Publish on resource: " + topic in said
    explained = server.carnet("explain")
    assert "sns:Publish" in explained


def test_services_of_the_table(server: RunningServer, user: dict[str, str]) -> None:
    root, here = partial(client, server), f"us-east-1:{server.account_id}"
    root("logs").create_log_group(logGroupName="/app")
    root("ssm").put_parameter(Name="/db/url", Value="there", Type="String")
    root("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    root("events").put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    root("ecr").create_repository(repositoryName="team/app")
    image = root("ec2").describe_images()["Images"][0]["ImageId"]
    (instance,) = root("ec2").run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    ec2, ssm = client(server, "ec2", user), client(server, "ssm", user)
    permit(server, "ssm:GetParameter", f"arn:aws:ssm:{here}:parameter/db/*")
    assert ssm.get_parameter(Name="/db/url")["Parameter"]["Value"] == "there"
    denied(ssm.get_parameter, Name="/other")
    denied(client(server, "kinesis", user).describe_stream, StreamName="clicks")
    denied(client(server, "events", user).list_targets_by_rule, Rule="nightly")
    denied(client(server, "ecr", user).describe_images, repositoryName="team/app")
    denied(client(server, "logs", user).describe_log_streams, logGroupName="/app")
    permit(server, "ec2:StopInstances", f"arn:aws:ec2:{here}:instance/{instance['InstanceId']}")
    stopping = ec2.stop_instances(InstanceIds=[instance["InstanceId"]])["StoppingInstances"]
    assert [one["InstanceId"] for one in stopping] == [instance["InstanceId"]]
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])


def test_tags_and_leading_keys(server: RunningServer, user: dict[str, str]) -> None:
    root = client(server, "dynamodb")
    root.create_table(
        TableName="mine",
        KeySchema=[{"AttributeName": "owner", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "owner", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "team", "Value": "red"}],
    )
    table = client(server, "dynamodb", user)
    key = {name: {"owner": {"S": name}} for name in ("ada", "bob")}
    permit_if(server, "dynamodb:*", {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:username}"}})
    table.put_item(TableName="mine", Item=key["ada"])
    denied(table.put_item, TableName="mine", Item=key["bob"])
    for team in ("red", "blue"):
        permit_if(server, "dynamodb:GetItem", {"StringEquals": {"aws:ResourceTag/team": team}})
        if team == "red":
            assert table.get_item(TableName="mine", Key=key["ada"])["Item"] == key["ada"]
        else:
            denied(table.get_item, TableName="mine", Key=key["ada"])


def test_permissions_of_functions_topics_and_queues(server: RunningServer) -> None:
    sns, sqs = client(server, "sns"), client(server, "sqs")
    topic = sns.create_topic(Name="open")["TopicArn"]
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=["111122223333"], ActionName=["Publish"])
    assert '"Sid":"l"' in sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    url = sqs.create_queue(QueueName="open")["QueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert '"Sid":"l"' in attributes["Policy"]
    sqs.delete_queue(QueueUrl=url)
    sqs.create_queue(QueueName="open")
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})


def test_terraform(moto: str, tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--upstream", f"moto={moto}") as server:
        terraform = initialized("terraform-gateway", server, tmp_path)
        (tmp_path / "configuration" / "function.zip").write_bytes(zipped())
        first, second = (("-input=false", f"-var=description={name}") for name in ("first", "second"))
        terraform("apply", "-auto-approve", *first)
        assert terraform.outputs()["key"].startswith(f"arn:aws:kms:us-east-1:{server.account_id}:key/")
        terraform("plan", "-detailed-exitcode", *first, codes=(0,))
        terraform("plan", "-detailed-exitcode", *second, codes=(2,))
        terraform("apply", "-auto-approve", *second)
        terraform("plan", "-detailed-exitcode", *second, codes=(0,))
        terraform("destroy", "-auto-approve", *second)
        assert client(server, "sqs").list_queues().get("QueueUrls", []) == []
        assert client(server, "s3").list_buckets()["Buckets"] == []
