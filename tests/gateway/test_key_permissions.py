"""Keys of AWS KMS that encrypt queues, topics, secrets, tables and functions: who uses these needs the key, too."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carnet.gateway.keys.known_keys import _MOST, HEEDED, KnownKeys
from carnet.gateway.upstreams.configured import Mode, UpstreamSettings
from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told, topic_attributes

SECRET = "arn:aws:secretsmanager:us-east-1:{}:secret:s-abcdef"
TOPIC, QUEUE = "arn:aws:sns:us-east-1:{}:news", "arn:aws:sqs:us-east-1:{}:orders"
TABLE, FUNCTION = "arn:aws:dynamodb:us-east-1:{}:table/t", "arn:aws:lambda:us-east-1:{}:function:f"
TOKEN = "11111111-2222-4333-8444-555555555555"
CURRENT = {"VersionIdsToStages": {"0" * 36: ["AWSPREVIOUS"], TOKEN: ["AWSCURRENT"]}}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A request that needs a key."""

    service: str
    call: str
    given: dict[str, Any]
    action: str
    context: dict[str, str]
    """`{}` is the account."""
    denied: str = "AccessDeniedException"
    untold: bool = False

    @property
    def operation(self) -> str:
        return "".join(part.capitalize() for part in self.call.split("_"))


TO_VALIDATE = dict.fromkeys(("SecretARN", "SecretVersionId"), "RequestToValidateKeyAccess")
OF_TABLE = {"aws:dynamodb:tableName": "t", "aws:dynamodb:subscriberId": "{}"}
SSE = {"SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY_ID}}
SEND = {"QueueUrl": "http://x/{}/orders", "MessageBody": "m"}
NEW_TABLE = {
    "TableName": "t",
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
    **SSE,
}
OF_SECRET = {"SecretARN": SECRET, "SecretVersionId": TOKEN}


def of_secrets(call: str, given: dict[str, Any], action: str, context: dict[str, str]) -> Case:
    return Case(service="secretsmanager", call=call, given=given, action=action, context=context, untold=True)


CASES = [
    Case(
        service="sqs",
        call="send_message",
        given=SEND,
        action="kms:GenerateDataKey",
        context={"aws:sqs:arn": QUEUE},
        denied="KmsAccessDenied",
    ),
    Case(
        service="sqs",
        call="send_message_batch",
        given={"QueueUrl": SEND["QueueUrl"], "Entries": [{"Id": "1", "MessageBody": "m"}]},
        action="kms:Decrypt",
        context={"aws:sqs:arn": QUEUE},
        denied="KmsAccessDenied",
    ),
    Case(
        service="sqs",
        call="receive_message",
        given={"QueueUrl": SEND["QueueUrl"]},
        action="kms:Decrypt",
        context={"aws:sqs:arn": QUEUE},
        denied="KmsAccessDenied",
    ),
    Case(
        service="sns",
        call="publish",
        given={"TopicArn": TOPIC, "Message": "m"},
        action="kms:GenerateDataKey",
        context={"aws:sns:topicArn": TOPIC},
        denied="KMSAccessDenied",
    ),
    of_secrets("get_secret_value", {"SecretId": "s"}, "kms:Decrypt", OF_SECRET),
    of_secrets(
        "get_secret_value",
        {"SecretId": "s", "VersionStage": "AWSPREVIOUS"},
        "kms:Decrypt",
        {"SecretVersionId": "0" * 36},
    ),
    of_secrets(
        "put_secret_value",
        {"SecretId": "s", "SecretString": "x", "ClientRequestToken": TOKEN},
        "kms:GenerateDataKey",
        OF_SECRET,
    ),
    of_secrets(
        "create_secret", {"Name": "s", "SecretString": "x", "KmsKeyId": KEY_ID}, "kms:GenerateDataKey", TO_VALIDATE
    ),
    of_secrets("update_secret", {"SecretId": "s", "KmsKeyId": KEY_ID}, "kms:Decrypt", TO_VALIDATE),
    Case(service="dynamodb", call="create_table", given=NEW_TABLE, action="kms:CreateGrant", context=OF_TABLE),
    Case(
        service="dynamodb",
        call="update_table",
        given={"TableName": "t", **SSE},
        action="kms:DescribeKey",
        context=OF_TABLE,
    ),
    Case(
        service="lambda",
        call="update_function_configuration",
        given={"FunctionName": "f", "KMSKeyArn": f"arn:aws:kms:us-east-1:{{}}:key/{KEY_ID}"},
        action="kms:CreateGrant",
        context={"aws:lambda:FunctionArn": FUNCTION},
    ),
]
EACH = pytest.mark.parametrize("case", CASES, ids=lambda one: f"{one.call}-{one.action}")


def written(value: Any, account: str) -> Any:
    if isinstance(value, str):
        return value.replace("{}", account)
    if isinstance(value, dict):
        return {name: written(one, account) for name, one in value.items()}
    return [written(one, account) for one in value] if isinstance(value, list) else value


@pytest.fixture
def keyed(behind: Behind) -> Behind:
    """What is there is encrypted by the key."""
    behind.aws.answers |= {
        "GetQueueAttributes": Told(body={"Attributes": {"KmsMasterKeyId": KEY_ID}}),
        "GetTopicAttributes": topic_attributes(KmsMasterKeyId=KEY_ID),
        "DescribeSecret": Told(body={"ARN": SECRET.format(behind.account), "KmsKeyId": behind.key_arn(), **CURRENT}),
        "Publish": Told(body=b"<PublishResponse><PublishResult/></PublishResponse>"),
    }
    forget(behind)
    return behind


def forget(behind: Behind) -> None:
    """What the server remembers of queues and topics."""
    behind.aws.answers["SetTopicAttributes"] = Told(body=b"<SetTopicAttributesResponse/>")
    behind.client("sqs").set_queue_attributes(
        QueueUrl=f"http://x/{behind.account}/orders", Attributes={"DelaySeconds": "1"}
    )
    behind.client("sns").set_topic_attributes(
        TopicArn=TOPIC.format(behind.account), AttributeName="DisplayName", AttributeValue="n"
    )
    behind.aws.requests.clear()


def ask(behind: Behind, case: Case) -> Any:
    return getattr(behind.client(case.service), case.call)(**written(case.given, behind.account))


def deny(action: str, operator: str = "StringEquals", **keys: str) -> dict[str, Any]:
    condition = {"Condition": {operator: keys}} if keys else {}
    return {"Effect": "Deny", "Action": action, "Resource": "*", **condition}


@EACH
def test_who_may_not_use_the_key_is_refused(keyed: Behind, case: Case) -> None:
    ask(keyed, case)
    assert case.operation in keyed.aws.operations or "/functions/f" in keyed.aws.operations[-1]
    through = {"kms:ViaService": f"{case.service}.us-east-1.amazonaws.com", "kms:CallerAccount": keyed.account}
    keyed.aws.requests.clear()
    keyed.allow(EVERYTHING, deny(case.action, **through))
    error = refusal(lambda: ask(keyed, case))
    assert error["Code"].rpartition("#")[2] == case.denied
    if case.untold:
        assert error["Message"] == "Access to KMS is not allowed"
    else:
        assert f"perform: {case.action} on resource: {keyed.key_arn()}" in error["Message"]
    assert case.operation not in keyed.aws.operations
    assert keyed.last_event()["additionalEventData"]["decisions"][-1]["action"] == case.action
    keyed.allow({"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"})
    assert refusal(lambda: ask(keyed, case))["Code"].rpartition("#")[2] == case.denied, "the key leaves it to IAM"


@EACH
def test_the_encryption_context_is_aws_s(keyed: Behind, case: Case) -> None:
    context = {f"kms:EncryptionContext:{name}": text for name, text in written(case.context, keyed.account).items()}
    keyed.allow(EVERYTHING, *(deny(case.action, "StringNotEquals", **{name: text}) for name, text in context.items()))
    ask(keyed, case)
    keyed.allow(EVERYTHING, deny(case.action, **context))
    assert refusal(lambda: ask(keyed, case))["Code"].rpartition("#")[2] == case.denied


def test_a_service_asks_for_the_key_and_the_caller_for_the_rest(keyed: Behind) -> None:
    through = {"Condition": {"Bool": {"aws:ViaAWSService": "true"}}}
    keyed.allow({**EVERYTHING, "Action": "sqs:*"}, {**EVERYTHING, "Action": "kms:*", **through})
    ask(keyed, CASES[0])
    assert refusal(keyed.client("kms").describe_key, KeyId=KEY_ID)["Code"] == "AccessDeniedException"
    keyed.allow({**EVERYTHING, **through})
    assert refusal(lambda: ask(keyed, CASES[0]))["Code"] == "AccessDenied", "it is the caller who sends the message"
    keyed.allow(EVERYTHING, {**EVERYTHING, "Effect": "Deny", "Condition": {"Null": {"aws:CalledVia": "false"}}})
    ask(keyed, CASES[0])  # SQS is not among the services that it is told of


def test_a_new_version_of_a_secret_needs_no_decryption(keyed: Behind) -> None:
    put, of = keyed.client("secretsmanager").put_secret_value, {"SecretId": "s", "SecretString": "x"}
    keyed.allow(EVERYTHING, deny("kms:Decrypt"))
    put(**of, ClientRequestToken=TOKEN.replace("1", "9"))
    assert keyed.aws.operations[-1] == "PutSecretValue"
    refused = refusal(put, **of, ClientRequestToken=TOKEN)
    assert refused["Message"] == "Access to KMS is not allowed", "a version that is there is compared"


def test_what_no_key_encrypts_needs_none(behind: Behind) -> None:
    forget(behind)
    behind.allow({"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"})
    behind.client("sqs").send_message(**written(SEND, behind.account))
    behind.client("dynamodb").update_table(TableName="t", SSESpecification={"Enabled": False})
    behind.client("dynamodb").update_table(TableName="t", BillingMode="PAY_PER_REQUEST")


@pytest.mark.parametrize(
    ("service", "key"),
    [("sqs", "alias/aws/sqs"), ("secretsmanager", "alias/aws/secretsmanager"), ("secretsmanager", None)],
)
def test_a_key_that_aws_makes_is_for_all_of_the_account(keyed: Behind, service: str, key: str | None) -> None:
    told = {"ARN": SECRET.format(keyed.account), **({"KmsKeyId": key} if key else {}), **CURRENT}
    keyed.aws.answers["DescribeSecret"] = Told(body=told)
    keyed.aws.answers["GetQueueAttributes"] = Told(body={"Attributes": {"KmsMasterKeyId": key}})
    case = CASES[0] if service == "sqs" else CASES[4]
    keyed.allow({"Effect": "Allow", "Action": f"{service}:*", "Resource": "*"})
    ask(keyed, case)
    through = {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}
    by_alias = deny("kms:*", "ForAnyValue:StringEquals", **{"kms:ResourceAliases": f"alias/aws/{service}"})
    for denied in (deny("kms:*"), deny("kms:*", **through), by_alias):
        keyed.allow(EVERYTHING, denied)
        assert refusal(lambda: ask(keyed, case))["Code"].rpartition("#")[2] == case.denied
    keyed.allow(EVERYTHING, deny("kms:*", **{"aws:ResourceTag/a": "b"}), deny("kms:*", **{"kms:MultiRegion": "true"}))
    ask(keyed, case)
    assert "DescribeKey" not in keyed.aws.operations


def test_a_key_that_an_alias_names_is_looked_up(keyed: Behind) -> None:
    keyed.aws.answers["GetQueueAttributes"] = Told(body={"Attributes": {"KmsMasterKeyId": "alias/mine"}})
    keyed.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": keyed.key_arn()}})
    ask(keyed, CASES[0])
    assert keyed.aws.operations == ["GetQueueAttributes", "DescribeKey", "SendMessage"]
    keyed.allow(EVERYTHING, {**deny("kms:GenerateDataKey"), "Resource": keyed.key_arn()})
    assert refusal(lambda: ask(keyed, CASES[0]))["Code"] == "KmsAccessDenied"
    keyed.allow(EVERYTHING)
    keyed.aws.answers["DescribeKey"] = Told(body={"__type": "NotFoundException"}, status=400)
    assert refusal(lambda: ask(keyed, CASES[0]))["Code"] == "KmsNotFound"
    keyed.allow({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})
    assert refusal(lambda: ask(keyed, CASES[0]))["Code"] == "KmsAccessDenied", "and is told nothing else"
    assert keyed.aws.operations.count("SendMessage") == 1


def test_a_key_of_another_region_is_none(keyed: Behind) -> None:
    elsewhere = f"arn:aws:kms:eu-west-1:{keyed.account}:key/{KEY_ID}"
    keyed.aws.answers["GetQueueAttributes"] = Told(body={"Attributes": {"KmsMasterKeyId": elsewhere}})
    assert refusal(lambda: ask(keyed, CASES[0]))["Code"] == "KmsNotFound"


def test_conditions_on_the_key_are_looked_up(keyed: Behind) -> None:
    keyed.aws.answers["ListResourceTags"] = Told(body={"Tags": [{"TagKey": "team", "TagValue": "red"}]})
    keyed.allow(EVERYTHING, deny("kms:*", **{"aws:ResourceTag/team": "blue"}))
    ask(keyed, CASES[0])
    keyed.allow(EVERYTHING, deny("kms:*", **{"aws:ResourceTag/team": "red"}))
    assert refusal(lambda: ask(keyed, CASES[0]))["Code"] == "KmsAccessDenied"


def test_a_look_up_that_fails_is_no_key(keyed: Behind) -> None:
    keyed.aws.answers["GetQueueAttributes"] = Told(body={}, status=500)
    assert refusal(lambda: ask(keyed, CASES[0]))["status"] == 503
    assert "SendMessage" not in keyed.aws.operations
    missing = {"__type": "com.amazonaws.sqs#QueueDoesNotExist"}
    keyed.aws.answers |= dict.fromkeys(("GetQueueAttributes", "SendMessage"), Told(body=missing, status=400))
    assert "QueueDoesNotExist" in refusal(lambda: ask(keyed, CASES[0]))["Code"], "the upstream says so"


def test_a_version_that_is_not_told_is_not_decided_on(keyed: Behind) -> None:
    keyed.aws.answers["DescribeSecret"] = Told(body={"ARN": SECRET.format(keyed.account), "KmsKeyId": KEY_ID})
    ask(keyed, CASES[4])
    keyed.allow(EVERYTHING, deny("kms:*", **{"kms:EncryptionContext:SecretVersionId": TOKEN}))
    assert refusal(lambda: ask(keyed, CASES[4]))["Code"] == "NotImplementedException"


def test_a_table_has_its_key_by_a_grant(keyed: Behind) -> None:
    create = next(case for case in CASES if case.call == "create_table")
    through = {"kms:GrantIsForAWSResource": "true", "kms:GranteePrincipal": "dynamodb.us-east-1.amazonaws.com"}
    for name, value in through.items():
        operator = "Bool" if value == "true" else "StringEquals"
        keyed.allow(EVERYTHING, deny("kms:CreateGrant", operator, **{name: value}))
        assert refusal(lambda: ask(keyed, create))["Code"] == "AccessDeniedException"
    keyed.allow(EVERYTHING, deny("kms:CreateGrant", "Bool", **{"kms:GrantIsForAWSResource": "false"}))
    ask(keyed, create)


def test_what_would_be_denied_is_only_recorded(keyed: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UpstreamSettings, "mode", Mode.RECORD)
    keyed.allow(EVERYTHING, deny("kms:GenerateDataKey"))
    ask(keyed, CASES[0])
    (last,) = [one for one in keyed.last_event()["additionalEventData"]["decisions"] if one["action"].startswith("kms")]
    assert last["verdict"] == "explicitDeny"


def test_the_key_of_a_queue_is_asked_for_once_a_minute(keyed: Behind) -> None:
    for _ in range(3):
        ask(keyed, CASES[0])
    assert keyed.aws.operations.count("GetQueueAttributes") == 1
    forget(keyed)
    ask(keyed, CASES[0])
    assert keyed.aws.operations.count("GetQueueAttributes") == 1


def test_keys_are_remembered_for_a_minute_and_so_many() -> None:
    now, asked = datetime(2026, 11, 26, tzinfo=UTC), 0
    at = [now]
    known = KnownKeys(lambda: at[0])

    async def ask() -> str:
        nonlocal asked
        asked += 1
        return "key"

    async def of(*names: str) -> int:
        before = asked
        for name in names:
            assert await known.of(name, ask) == "key"
        return asked - before

    async def told() -> None:
        assert await of("a", "a") == 1
        at[0] = now + HEEDED - timedelta(milliseconds=1)
        assert await of("a") == 0
        at[0] = now + HEEDED
        assert await of("a", "a") == 1
        assert await of(*(f"{number}" for number in range(_MOST - 1)), "a") == _MOST - 1
        assert await of("one more", "a") == 2, "the oldest is forgotten"

    asyncio.run(told())
