"""AddPermission and RemovePermission: statements are kept here, bind, and go with the resource."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told
from tests.gateway.test_kept_policies import everybody_of, other, policy, xml

__all__ = ["other"]

URL = "lambda:InvokeFunctionUrl"
CONFIGURATION = "/2015-03-31/functions/{}/configuration"
INVOKE = "/2015-03-31/functions/{}/invocations"


@pytest.fixture
def told(behind: Behind) -> Behind:
    """The upstream has a function, a topic and a queue."""
    for name in ("Publish", "DeleteTopic", "CreateTopic"):
        behind.aws.answers[name] = xml(name)
    behind.aws.answers["GetTopicAttributes"] = xml("GetTopicAttributes", "<Attributes/>")
    return behind


def function_arn(told: Behind, name: str = "f") -> str:
    return f"arn:aws:lambda:us-east-1:{told.account}:function:{name}"


def test_a_function_is_opened_to_another_account_and_closed(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    mine, theirs, arn = told.client("lambda"), told.server.client("lambda", *key), function_arn(told)
    assert refusal(theirs.invoke, FunctionName=arn)["Code"] == "AccessDeniedException"
    permission = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    statement = json.loads(mine.add_permission(**permission, Principal=account)["Statement"])
    assert statement == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
    }
    assert told.aws.requests[-1].path.startswith(CONFIGURATION.format("f"))
    theirs.invoke(FunctionName=arn)
    assert refusal(theirs.invoke, FunctionName=f"{arn}:live")["Code"] == "AccessDeniedException"
    assert refusal(theirs.delete_function, FunctionName=arn)["Code"] == "AccessDeniedException"
    shown = mine.get_policy(FunctionName="f")
    assert json.loads(shown["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    taken = refusal(mine.add_permission, **permission, Principal=account)
    assert (taken["Code"], taken["status"]) == ("ResourceConflictException", 409)
    removal = {"FunctionName": "f", "StatementId": "s"}
    assert refusal(mine.remove_permission, **removal, RevisionId="other")["Code"] == "PreconditionFailedException"
    mine.remove_permission(**removal, RevisionId=shown["RevisionId"])
    assert refusal(mine.remove_permission, **removal)["Code"] == "ResourceNotFoundException"
    assert refusal(mine.get_policy, FunctionName="f")["Code"] == "ResourceNotFoundException"
    assert refusal(theirs.invoke, FunctionName=arn)["Code"] == "AccessDeniedException"
    assert not [sent for sent in told.aws.requests if "policy" in sent.path]


@pytest.mark.parametrize(
    ("given", "principal", "condition"),
    [
        ({"Principal": "s3.amazonaws.com"}, {"Service": "s3.amazonaws.com"}, None),
        (
            {
                "Principal": "sns.amazonaws.com",
                "SourceArn": "arn:aws:sns:us-east-1:111122223333:t",
                "SourceAccount": "1" * 12,
            },
            {"Service": "sns.amazonaws.com"},
            {
                "StringEquals": {"AWS:SourceAccount": "1" * 12},
                "ArnLike": {"AWS:SourceArn": "arn:aws:sns:us-east-1:111122223333:t"},
            },
        ),
        (
            {"Principal": "*", "PrincipalOrgID": "o-1234567890"},
            "*",
            {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
        ),
        (
            {"Principal": "*", "FunctionUrlAuthType": "NONE", "Qualifier": "live", "Action": URL},
            "*",
            {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        ),
        (
            {"Principal": "*", "InvokedViaFunctionUrl": True},
            "*",
            {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
        ),
    ],
)
def test_whom_a_function_is_opened_to(told: Behind, given: dict[str, Any], principal: Any, condition: Any) -> None:
    client = told.client("lambda")
    added = client.add_permission(FunctionName="g", StatementId="x", **{"Action": "lambda:InvokeFunction", **given})
    statement = json.loads(added["Statement"])
    assert (statement["Principal"], statement.get("Condition")) == (principal, condition)
    on = {"Qualifier": given["Qualifier"]} if "Qualifier" in given else {}
    assert statement["Resource"] == function_arn(told, "g") + "".join(f":{name}" for name in on.values())
    assert json.loads(client.get_policy(FunctionName="g", **on)["Policy"])["Statement"] == [statement]
    client.remove_permission(FunctionName="g", StatementId="x", **on)


@pytest.mark.parametrize("action", ["lambda:InvokeFunction", "lambda:*", "*", "lambda:invokefunctionurl"])
def test_how_a_url_authenticates_is_said_of_the_url_alone(told: Behind, action: str) -> None:
    given = {"FunctionName": "u", "StatementId": "x", "Principal": "*", "FunctionUrlAuthType": "NONE"}
    refused = refusal(told.client("lambda").add_permission, **given, Action=action)
    sentence = "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
    assert (refused["Code"], refused["Message"]) == ("InvalidParameterValueException", sentence)
    assert refusal(told.client("lambda").get_policy, FunctionName="u")["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize("principal", ["nobody", "arn:aws:iam::{}:user/nobody", "S3.amazonaws.com"])
def test_whom_a_function_is_not_opened_to(told: Behind, principal: str) -> None:
    given = {"FunctionName": "h", "StatementId": "x", "Action": "lambda:InvokeFunction"}
    refused = refusal(told.client("lambda").add_permission, **given, Principal=principal.format(told.account))
    assert (refused["Code"], refused["status"]) == ("InvalidParameterValueException", 400)
    assert refused["Message"] == "The provided principal was invalid. Please check the principal and try again."


def test_a_policy_may_grow_to_20_kilobytes(told: Behind) -> None:
    client = told.client("lambda")
    given = {"FunctionName": "big", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    source = "arn:aws:s3:::" + "b" * 140
    for at in range(200):
        try:
            client.add_permission(**given, StatementId=f"{at:0100}", SourceArn=source)
        except client.exceptions.PolicyLengthExceededException:
            break
    assert 19_000 < len(client.get_policy(FunctionName="big")["Policy"]) <= 20 * 1024
    client.delete_function(FunctionName="big")
    assert refusal(client.get_policy, FunctionName="big")["Code"] == "ResourceNotFoundException"


def test_a_function_that_is_not_there_is_opened_to_nobody(told: Behind) -> None:
    told.aws.answers[CONFIGURATION.format("f")] = Told(
        body={"Message": "no"}, status=404, headers={"x-amzn-errortype": "ResourceNotFoundException"}
    )
    given = {"FunctionName": "f", "StatementId": "x", "Action": "lambda:InvokeFunction", "Principal": "*"}
    assert refusal(told.client("lambda").add_permission, **given)["status"] == 404
    told.aws.answers.clear()
    assert refusal(told.client("lambda").get_policy, FunctionName="f")["Code"] == "ResourceNotFoundException"


def test_who_may_not_open_a_function(told: Behind) -> None:
    deny = {"Effect": "Deny", "Action": "lambda:*Permission", "Resource": "*"}
    told.allow(EVERYTHING, deny | {"Condition": {"StringEquals": {"lambda:Principal": "*"}}})
    given = {"FunctionName": "f", "StatementId": "x", "Action": "lambda:InvokeFunction"}
    assert refusal(told.client("lambda").add_permission, **given, Principal="*")["Code"] == "AccessDeniedException"
    assert told.aws.requests == []


def test_a_layer_is_shared(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    mine, theirs = told.client("lambda"), told.server.client("lambda", *key)
    of = {"LayerName": "tools", "VersionNumber": 3}
    arn = f"arn:aws:lambda:us-east-1:{told.account}:layer:tools"
    their_own = {"LayerName": arn, "VersionNumber": 3}
    assert refusal(theirs.get_layer_version, **their_own)["Code"] == "AccessDeniedException"
    given = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": account}
    told_statement = json.loads(mine.add_layer_version_permission(**of, **given)["Statement"])
    assert told_statement["Resource"] == f"{arn}:3"
    theirs.get_layer_version(**their_own)
    shown = mine.get_layer_version_policy(**of)
    assert json.loads(shown["Policy"])["Statement"] == [told_statement]
    mine.remove_layer_version_permission(**of, StatementId="s")
    assert refusal(theirs.get_layer_version, **their_own)["Code"] == "AccessDeniedException"


def test_a_topic_is_opened_to_accounts(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    topic = f"arn:aws:sns:us-east-1:{told.account}:open"
    mine, theirs = told.client("sns"), told.server.client("sns", *key)
    given = {"TopicArn": topic, "Label": "l", "AWSAccountId": [account], "ActionName": ["Publish"]}
    mine.add_permission(**given)
    theirs.publish(TopicArn=topic, Message="m")
    for more, sentence in (
        ({}, "Statement already exists"),
        ({"Label": "m", "AWSAccountId": ["1"]}, "Policy Error: PrincipalNotFound"),
        ({"Label": "m", "ActionName": ["CreateTopic"]}, "Policy statement action out of service scope!"),
        ({"Label": "m", "ActionName": ["*"]}, "Policy statement action out of service scope!"),
    ):
        refused = refusal(mine.add_permission, **given | more)
        assert (refused["Code"], refused["Message"]) == ("InvalidParameter", f"Invalid parameter: {sentence}")
    shown = json.loads(mine.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert (shown["Version"], shown["Id"]) == ("2008-10-17", "__default_policy_ID")
    by_default, added = shown["Statement"]
    assert by_default["Condition"] == {"StringEquals": {"AWS:SourceOwner": told.account}}
    assert (by_default["Sid"], by_default["Resource"]) == ("__default_statement_ID", topic)
    assert by_default["Action"][0] == "SNS:GetTopicAttributes"
    assert added == {
        "Sid": "l",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "SNS:Publish",
        "Resource": topic,
    }
    assert refusal(theirs.get_topic_attributes, TopicArn=topic)["Code"] == "AuthorizationError", "it is no owner"
    for label in ("other", "l", "l"):
        mine.remove_permission(TopicArn=topic, Label=label)
    assert json.loads(mine.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])["Statement"] == [by_default]
    assert refusal(theirs.publish, TopicArn=topic, Message="m")["Code"] == "AuthorizationError"
    assert {"AddPermission", "RemovePermission"}.isdisjoint(told.aws.operations)


def test_a_queue_is_opened_to_accounts(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    url = f"http://x/{told.account}/open"
    mine, theirs = told.client("sqs"), told.server.client("sqs", *key)
    given = {"QueueUrl": url, "Label": "l", "AWSAccountIds": [account], "Actions": ["SendMessage", "ReceiveMessage"]}
    mine.add_permission(**given)
    theirs.send_message(QueueUrl=url, MessageBody="m")
    assert refusal(theirs.purge_queue, QueueUrl=url)["Code"] == "AccessDenied"
    of_owner = (
        "Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to "
        "invoke this action."
    )
    for more, sentence in (
        ({}, "Value l for parameter Label is invalid. Reason: Already exists."),
        ({"AWSAccountIds": []}, "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify."),
        ({"AWSAccountIds": ["1"]}, "Value [1] for parameter PrincipalId is invalid. Reason: Unable to verify."),
        (
            {"AWSAccountIds": [account, "nobody"]},
            f"Value [{account}, nobody] for parameter PrincipalId is invalid. Reason: Unable to verify.",
        ),
        ({"Actions": ["DeleteQueue"]}, of_owner),
    ):
        refused = refusal(mine.add_permission, **given | ({"Label": "m"} if more else {}) | more)
        assert (refused["Code"], refused["Message"]) == ("InvalidParameterValue", sentence)
    policy_of = mine.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    assert json.loads(policy_of)["Version"] == "2008-10-17"
    refused = refusal(mine.remove_permission, QueueUrl=url, Label="m")
    sentence = "Value m for parameter Label is invalid. Reason: can't find label on existing policy."
    assert (refused["Code"], refused["Message"]) == ("InvalidParameterValue", sentence)
    mine.remove_permission(QueueUrl=url, Label="l")
    assert refusal(theirs.send_message, QueueUrl=url, MessageBody="m")["Code"] == "AccessDenied"
    assert {"AddPermission", "RemovePermission"}.isdisjoint(told.aws.operations)


def test_a_statement_of_a_queue_is_for_seven_actions(told: Behind, other: tuple[str, str, str]) -> None:
    account, *_ = other
    sqs = told.client("sqs")
    actions = [
        *("ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"),
        *("ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"),
    ]
    given = {"QueueUrl": f"http://x/{told.account}/seven", "Label": "l", "AWSAccountIds": [account]}
    refused = refusal(sqs.add_permission, **given, Actions=actions)
    assert (refused["Code"], refused["Message"]) == ("OverLimit", "8 Actions were found, maximum allowed is 7.")
    refused = refusal(sqs.add_permission, **given, Actions=[])
    assert (refused["Code"], refused["Message"]) == (
        "MissingParameter",
        "The request must contain the parameter Actions.",
    )
    sqs.add_permission(**given, Actions=actions[:7])


def test_a_statement_is_added_to_one_whose_principal_is_gone(told: Behind, other: tuple[str, str, str]) -> None:
    """It names whom it has named, and not who has the name now."""
    account, *_ = other
    iam, sqs, url = told.server.client("iam"), told.client("sqs"), f"http://x/{told.account}/old"
    iam.create_user(UserName="carl")
    carl = {"AWS": f"arn:aws:iam::{told.account}:user/carl"}
    statement = {"Effect": "Deny", "Principal": carl, "Action": "sqs:SendMessage", "Resource": "*"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(statement)})
    iam.delete_user(UserName="carl")
    iam.create_user(UserName="carl")
    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=[account], Actions=["SendMessage"])
    shown = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["Policy"])
    assert shown["Statement"][0]["Principal"]["AWS"].startswith("AIDA")
    key = iam.create_access_key(UserName="carl")["AccessKey"]
    iam.put_user_policy(UserName="carl", PolicyName="p", PolicyDocument=policy(EVERYTHING))
    carls = told.server.client("sqs", key["AccessKeyId"], key["SecretAccessKey"])
    carls.send_message(QueueUrl=url, MessageBody="m")
    # Whoever writes a policy may not name who is nobody.
    refused = refusal(sqs.set_queue_attributes, QueueUrl=url, Attributes={"Policy": json.dumps(shown)})
    assert refused["Code"] == "InvalidAttributeValue"


@pytest.mark.parametrize(
    ("gone", "is_gone"),
    [
        (Told(body={}), True),
        (Told(body={"__type": "AWS.SimpleQueueService.NonExistentQueue"}, status=400), True),
        (Told(body={"__type": "InternalError"}, status=500), False),
        (Told(body={"__type": "Throttled"}, status=400), False),
    ],
)
def test_a_policy_goes_with_its_queue(told: Behind, other: tuple[str, str, str], gone: Told, is_gone: bool) -> None:
    account, *key = other
    sqs, url = told.client("sqs"), f"http://x/{told.account}/short"
    theirs = told.server.client("sqs", *key)
    sqs.create_queue(QueueName="short", Attributes={"Policy": policy(everybody_of(account, "sqs:SendMessage"))})
    theirs.send_message(QueueUrl=url, MessageBody="m")
    told.aws.answers["DeleteQueue"] = gone
    if gone.status == 200:
        sqs.delete_queue(QueueUrl=url)
        assert told.last_event()["eventName"] == "DeleteQueue"
    else:
        refusal(sqs.delete_queue, QueueUrl=url)
    if is_gone:
        assert refusal(theirs.send_message, QueueUrl=url, MessageBody="m")["Code"] == "AccessDenied"
    else:
        theirs.send_message(QueueUrl=url, MessageBody="m")


def test_a_policy_goes_with_its_table_and_its_topic(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    table, topic = "short-table", f"arn:aws:sns:us-east-1:{told.account}:short"
    arn = f"arn:aws:dynamodb:us-east-1:{told.account}:table/{table}"
    told.aws.answers["DescribeTable"] = Told(body={"Table": {"TableName": table}})
    dynamodb, sns = told.client("dynamodb"), told.client("sns")
    for at in ("", "/stream/2026"):
        dynamodb.put_resource_policy(ResourceArn=arn + at, Policy=policy(everybody_of(account, "dynamodb:*")))
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=[account], ActionName=["Publish"])
    dynamodb.delete_table(TableName=table)
    sns.delete_topic(TopicArn=topic)
    for at in ("", "/stream/2026"):
        assert refusal(dynamodb.get_resource_policy, ResourceArn=arn + at)["Code"] == "PolicyNotFoundException"
    theirs = told.server.client("sns", *key)
    assert refusal(theirs.publish, TopicArn=topic, Message="m")["Code"] == "AuthorizationError"


def test_what_is_made_has_no_policy_of_an_older_one(told: Behind) -> None:
    """A crash may have left it behind."""
    arn = f"arn:aws:dynamodb:us-east-1:{told.account}:table/left"
    told.aws.answers["DescribeTable"] = Told(body={"Table": {"TableName": "left"}})
    dynamodb = told.client("dynamodb")
    mine = policy(everybody_of("111122223333", "dynamodb:*"))
    revision = dynamodb.put_resource_policy(ResourceArn=arn, Policy=mine)["RevisionId"]
    assert dynamodb.get_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    for wrong in ("NO_POLICY", "other"):
        given = {"ResourceArn": arn, "Policy": mine, "ExpectedRevisionId": wrong}
        assert refusal(dynamodb.put_resource_policy, **given)["Code"] == "PolicyNotFoundException"
    dynamodb.put_resource_policy(ResourceArn=arn, Policy=mine, ExpectedRevisionId=revision)
    new: dict[str, Any] = {
        "TableName": "left",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    told.aws.answers["CreateTable"] = Told(body={"__type": "ResourceInUseException"}, status=400)
    refusal(dynamodb.create_table, **new)
    assert dynamodb.get_resource_policy(ResourceArn=arn)["RevisionId"] == revision
    told.aws.answers["CreateTable"] = Told(body={})
    dynamodb.create_table(**new)
    assert refusal(dynamodb.get_resource_policy, ResourceArn=arn)["Code"] == "PolicyNotFoundException"
