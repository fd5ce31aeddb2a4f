"""Keys of AWS KMS that encrypt tables of DynamoDB: who reads or writes an item needs kms:Decrypt, through DynamoDB."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told

ITEM, KEY, VALUES = {"k": {"S": "1"}}, {"k": {"S": "1"}}, {":k": {"S": "1"}}
UPDATE = {"TableName": "tbl", "Key": KEY, "UpdateExpression": "SET a = :k", "ExpressionAttributeValues": VALUES}
QUERY = {"TableName": "tbl", "KeyConditionExpression": "k = :k", "ExpressionAttributeValues": VALUES}
ON_ITEMS: dict[str, dict[str, Any]] = {
    "get_item": {"TableName": "tbl", "Key": KEY},
    "put_item": {"TableName": "tbl", "Item": ITEM},
    "update_item": UPDATE,
    "delete_item": {"TableName": "tbl", "Key": KEY},
    "query": QUERY,
    "scan": {"TableName": "tbl", "IndexName": "idx"},
    "batch_get_item": {"RequestItems": {"tbl": {"Keys": [KEY]}}},
    "batch_write_item": {"RequestItems": {"tbl": [{"PutRequest": {"Item": ITEM}}]}},
    "transact_get_items": {"TransactItems": [{"Get": {"TableName": "tbl", "Key": KEY}}] * 3},
    "transact_write_items": {
        "TransactItems": [
            {"Put": {"TableName": "tbl", "Item": ITEM}},
            {"ConditionCheck": {"TableName": "tbl", "Key": KEY, "ConditionExpression": "attribute_exists(k)"}},
        ]
    },
    "execute_statement": {"Statement": "SELECT * FROM tbl"},
    "batch_execute_statement": {"Statements": [{"Statement": "DELETE FROM tbl WHERE k = '1'"}]},
    "execute_transaction": {"TransactStatements": [{"Statement": "UPDATE tbl SET a = 1 WHERE k = '1'"}]},
}
EACH = pytest.mark.parametrize("call", ON_ITEMS)


def described(key: str | None, **more: str) -> Told:
    sse = {
        "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", **({"KMSMasterKeyArn": key} if key else {}), **more}
    }
    return Told(body={"Table": {"TableName": "tbl", **sse}})


@pytest.fixture
def keyed(behind: Behind) -> Behind:
    """The table is encrypted by the key, and DynamoDB has made none in the account."""
    behind.aws.answers["DescribeKey"] = Told(body={"__type": "NotFoundException"}, status=400)
    behind.aws.answers["DescribeTable"] = described(behind.key_arn())
    forget(behind)
    return behind


def forget(behind: Behind) -> None:
    """What the server remembers of the table."""
    behind.client("dynamodb").update_table(TableName="tbl", BillingMode="PAY_PER_REQUEST")
    behind.aws.requests.clear()


def ask(behind: Behind, call: str) -> Any:
    return getattr(behind.client("dynamodb"), call)(**ON_ITEMS[call])


def sent(behind: Behind, call: str) -> bool:
    return "".join(map(str.capitalize, call.split("_"))) in behind.aws.operations


def deny(**keys: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": keys}}


@EACH
def test_who_reads_or_writes_items_needs_the_key_of_the_table(keyed: Behind, call: str) -> None:
    ask(keyed, call)
    assert sent(keyed, call)
    decided = [one["action"] for one in keyed.last_event()["additionalEventData"]["decisions"]]
    assert decided.count("kms:Decrypt") == 1, "once a table"
    keyed.aws.requests.clear()
    keyed.allow({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    error = refusal(lambda: ask(keyed, call))
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"].startswith("KMS key access denied error: User: ")
    assert f"perform: kms:Decrypt on resource: {keyed.key_arn()}" in error["Message"]
    assert not sent(keyed, call)


@pytest.mark.parametrize("key", ["aws:CalledViaFirst", "aws:CalledViaLast", "ForAnyValue"])
def test_the_key_is_called_via_dynamodb(keyed: Behind, key: str) -> None:
    """A policy may leave the key to what DynamoDB asks; who asks himself comes via nobody."""
    via = {"StringEquals": {key: "dynamodb.amazonaws.com"}}
    if key == "ForAnyValue":
        via = {"ForAnyValue:StringEquals": {"aws:CalledVia": "dynamodb.amazonaws.com"}}
    keyed.allow({**EVERYTHING, "Action": "dynamodb:*"}, {**EVERYTHING, "Action": "kms:*", "Condition": via})
    ask(keyed, "get_item")
    assert refusal(keyed.client("kms").describe_key, KeyId=KEY_ID)["Code"] == "AccessDeniedException"


@EACH
def test_conditions_are_on_dynamodb_and_its_encryption_context(keyed: Behind, call: str) -> None:
    context = {
        "kms:ViaService": "dynamodb.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:dynamodb:tableName": "tbl",
        "kms:EncryptionContext:aws:dynamodb:subscriberId": keyed.account,
        "kms:CallerAccount": keyed.account,
    }
    for name, value in context.items():
        keyed.allow(EVERYTHING, deny(**{name: value}))
        assert refusal(lambda: ask(keyed, call))["Code"] == "AccessDeniedException"
        keyed.allow(EVERYTHING, deny(**{name: f"{value}-other"}))
        ask(keyed, call)


FORMER = {"Status": "DISABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:aws:kms:us-east-1:111122223333:key/former"}


@pytest.mark.parametrize("table", [{}, {"SSEDescription": {"Status": "DISABLED"}}, {"SSEDescription": FORMER}])
def test_a_key_that_dynamodb_owns_is_nobody_s_concern(behind: Behind, table: dict[str, Any]) -> None:
    behind.aws.answers["DescribeTable"] = Told(body={"Table": table})
    forget(behind)
    behind.allow({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    ask(behind, "get_item")


@pytest.mark.parametrize("told", ["arn", "alias", "arn of the alias", "none"])
def test_the_key_that_aws_makes_is_for_all_of_the_account(keyed: Behind, told: str) -> None:
    alias = "alias/aws/dynamodb"
    of_alias = f"arn:aws:kms:us-east-1:{keyed.account}:{alias}"
    key = {"arn": keyed.key_arn(), "alias": alias, "arn of the alias": of_alias, "none": None}[told]
    keyed.aws.answers["DescribeTable"] = described(key)
    keyed.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": keyed.key_arn(), "KeyId": KEY_ID}})
    keyed.allow({"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"})
    ask(keyed, "get_item")
    keyed.allow(EVERYTHING, deny(**{"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}))
    assert refusal(lambda: ask(keyed, "get_item"))["Code"] == "AccessDeniedException"


@pytest.mark.parametrize(
    "told", [Told(body={}, status=500), Told(body={}), Told(body=b"no JSON"), Told(body=b"[" * 10_000)]
)
@pytest.mark.parametrize("look_up", ["DescribeTable", "DescribeKey"])
def test_a_look_up_that_fails_is_no_key(keyed: Behind, look_up: str, told: Told) -> None:
    keyed.aws.answers[look_up] = told
    assert refusal(lambda: ask(keyed, "get_item"))["status"] == 503
    assert not sent(keyed, "get_item")


def test_a_table_that_is_not_there_is_told_by_the_upstream(keyed: Behind) -> None:
    missing = {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "none"}
    keyed.aws.answers |= dict.fromkeys(("DescribeTable", "GetItem"), Told(body=missing, status=400))
    assert refusal(lambda: ask(keyed, "get_item"))["Code"] == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("update_table", {"TableName": "tbl", "BillingMode": "PAY_PER_REQUEST"}),
        ("delete_table", {"TableName": "tbl"}),
        ("restore_table_from_backup", {"TargetTableName": "tbl", "BackupArn": "{backup}"}),
        ("restore_table_to_point_in_time", {"TargetTableName": "tbl", "SourceTableName": "src"}),
    ],
)
def test_a_change_through_this_server_is_heeded_at_once(keyed: Behind, call: str, given: dict[str, str]) -> None:
    backup = f"arn:aws:dynamodb:us-east-1:{keyed.account}:table/src/backup/01234567890123-12345678"
    source = {"SourceTableDetails": {"TableName": "src"}}
    keyed.aws.answers["DescribeBackup"] = Told(body={"BackupDescription": source})
    for _ in range(2):
        ask(keyed, "get_item")
        ask(keyed, "scan")
    assert keyed.aws.operations.count("DescribeTable") == 1, "it is remembered, of the table with its indexes"
    getattr(keyed.client("dynamodb"), call)(**{name: text.format(backup=backup) for name, text in given.items()})
    keyed.aws.requests.clear()
    ask(keyed, "get_item")
    assert keyed.aws.operations == ["DescribeTable", "DescribeKey", "GetItem"]


def test_what_is_restored_is_read_and_gets_a_key(keyed: Behind) -> None:
    backup = f"arn:aws:dynamodb:us-east-1:{keyed.account}:table/src/backup/01234567890123-12345678"
    features = {"SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": keyed.key_arn()}}
    told = {"SourceTableDetails": {"TableName": "src"}, "SourceTableFeatureDetails": features}
    keyed.aws.answers["DescribeBackup"] = Told(body={"BackupDescription": told})
    client = keyed.client("dynamodb")
    sse = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY_ID}

    def from_backup(**more: Any) -> dict[str, Any]:
        return refusal(client.restore_table_from_backup, TargetTableName="new", BackupArn=backup, **more)

    def to_point(**more: Any) -> dict[str, Any]:
        return refusal(client.restore_table_to_point_in_time, TargetTableName="new", SourceTableName="tbl", **more)

    keyed.allow(EVERYTHING, deny(**{"kms:EncryptionContext:aws:dynamodb:tableName": "src"}))
    assert from_backup()["Code"] == "AccessDeniedException"
    keyed.allow(EVERYTHING, deny(**{"kms:EncryptionContext:aws:dynamodb:tableName": "tbl"}))
    assert to_point()["Code"] == "AccessDeniedException"
    keyed.allow(EVERYTHING, {"Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*"})
    for call in (from_backup, to_point):
        assert "kms:CreateGrant" in call(SSESpecificationOverride=sse)["Message"]
    assert "RestoreTableFromBackup" not in keyed.aws.operations
    client.restore_table_from_backup(TargetTableName="new", BackupArn=backup)
    client.restore_table_to_point_in_time(TargetTableName="new", SourceTableName="tbl")
    keyed.aws.answers["DescribeBackup"] = Told(body={})
    assert from_backup()["status"] == 503
