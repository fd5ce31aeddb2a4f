"""Conditions on what only the upstream knows of a resource: it is asked, and a look-up that fails is no answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, KEY_ID, SECRET_DATA, Behind, refusal
from tests.gateway.fake_aws import Told

RED = {"StringEquals": {"aws:ResourceTag/team": "red"}}
NOT_BLUE = {"StringNotEquals": {"aws:ResourceTag/team": "blue"}}
NOT_THERE = Told(body={"__type": "ResourceNotFoundException", "message": "not there"}, status=400)


def xml(name: str, inner: str = "") -> Told:
    return Told(body=f"<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>".encode())


def only(action: str, condition: dict[str, Any], effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*", "Condition": condition}


def requests(account: str) -> dict[str, tuple[str, str, dict[str, Any], str, Any, Any]]:
    """By service: a call, what asks for the tags, the answer for team = red, and for no tags."""
    secret = f"arn:aws:secretsmanager:us-east-1:{account}:secret:s-abcdef"
    sns = "<Tags><member><Key>team</Key><Value>red</Value></member></Tags>"
    topic = {"TopicArn": f"arn:aws:sns:us-east-1:{account}:t", "Message": "m"}
    return {
        "dynamodb": (
            *("describe_time_to_live", "DescribeTimeToLive", {"TableName": "t"}, "ListTagsOfResource"),
            *({"Tags": [{"Key": "team", "Value": "red"}]}, {}),
        ),
        "kms": (
            *("encrypt", "Encrypt", {"KeyId": KEY_ID, "Plaintext": b"x"}, "ListResourceTags"),
            *({"Tags": [{"TagKey": "team", "TagValue": "red"}]}, {"Tags": []}),
        ),
        "secretsmanager": (
            *("get_secret_value", "GetSecretValue", {"SecretId": secret}, "DescribeSecret"),
            *({"ARN": secret, "Tags": [{"Key": "team", "Value": "red"}]}, {"ARN": secret}),
        ),
        "sns": (
            *("publish", "Publish", topic, "ListTagsForResource"),
            *(xml("ListTagsForResource", sns), xml("ListTagsForResource")),
        ),
        "sqs": (
            *("send_message", "SendMessage", {"QueueUrl": f"http://x/{account}/q", "MessageBody": "m"}),
            *("ListQueueTags", {"Tags": {"team": "red"}}, {}),
        ),
        "lambda": (
            *("invoke", "/2015-03-31/functions/f%3Alive/invocations", {"FunctionName": "f:live"}),
            *(f"/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A{account}%3Afunction%3Af",),
            *({"Tags": {"team": "red"}}, {"Tags": {}}),
        ),
    }


@pytest.mark.parametrize("service", ["dynamodb", "kms", "lambda", "secretsmanager", "sns", "sqs"])
def test_tags_are_looked_up_if_a_policy_asks_for_them(behind: Behind, service: str) -> None:
    call, operation, given, lookup, red, none = requests(behind.account)[service]
    client = behind.client(service)
    behind.aws.answers["Publish"] = xml("Publish")
    told = {True: red, False: none}
    answers = {tagged: body if isinstance(body, Told) else Told(body=body) for tagged, body in told.items()}
    behind.aws.answers[lookup] = answers[True]
    getattr(client, call)(**given)
    behind.aws.requests.clear()
    if service != "secretsmanager":  # whose name is looked up anyway
        getattr(client, call)(**given)
        assert behind.aws.operations == [operation]
    behind.allow(only(f"{service}:*", RED))
    getattr(client, call)(**given)
    assert behind.aws.operations[-2:] == [lookup, operation]
    for tagged in (False, True):
        behind.aws.answers[lookup] = answers[tagged]
        behind.allow(only(f"{service}:*", NOT_BLUE), only("*", RED, "Deny"))
        behind.aws.requests.clear()
        if tagged:
            code = refusal(getattr(client, call), **given)["Code"]
            assert code in ("AccessDenied", "AccessDeniedException", "AuthorizationError")
        else:
            getattr(client, call)(**given)
        assert (operation in behind.aws.operations) is not tagged


@pytest.mark.parametrize("service", ["dynamodb", "kms", "lambda", "sns", "sqs"])
@pytest.mark.parametrize(
    "told", [Told(body={}, status=500), Told(body={"__type": "AccessDenied"}, status=400), Told(body=b"<", length=9)]
)
def test_a_look_up_that_fails_is_no_absent_key(behind: Behind, service: str, told: Told) -> None:
    """It would make a negated condition true."""
    call, _, given, lookup, *_ = requests(behind.account)[service]
    behind.allow(only(f"{service}:*", NOT_BLUE))
    behind.aws.answers[lookup] = told
    assert refusal(getattr(behind.client(service), call), **given)["status"] == 503
    assert behind.aws.operations == [lookup]


def test_a_resource_that_is_not_there_is_told_to_who_may_have_it(behind: Behind) -> None:
    behind.aws.answers["ListTagsOfResource"] = NOT_THERE
    table = behind.client("dynamodb")
    behind.allow(only("dynamodb:*", RED))
    assert refusal(table.describe_table, TableName="t")["Code"] == "AccessDeniedException"
    behind.allow(only("dynamodb:*", NOT_BLUE))
    assert refusal(table.describe_table, TableName="t")["Code"] == "ResourceNotFoundException"
    assert set(behind.aws.operations) == {"ListTagsOfResource"}
    table.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert behind.aws.operations[-1] == "CreateTable"


def test_tags_under_the_name_of_the_service(behind: Behind) -> None:
    """Its reference writes the open part of the key otherwise."""
    secret = f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:s-abcdef"
    blue = {"ARN": secret, "Tags": [{"Key": "team", "Value": "blue"}]}
    behind.aws.answers["DescribeSecret"] = Told(body=blue)
    behind.allow(only("secretsmanager:*", {"StringNotEquals": {"secretsmanager:ResourceTag/team": "blue"}}))
    assert refusal(behind.client("secretsmanager").get_secret_value, SecretId=secret)["Code"] == "AccessDeniedException"


def test_tags_of_all_pages(behind: Behind) -> None:
    behind.allow(only("kms:*", RED))
    behind.aws.answers["ListResourceTags"] = Told(body={"Tags": [], "Truncated": True, "NextMarker": "again"})
    assert refusal(behind.client("kms").encrypt, KeyId=KEY_ID, Plaintext=b"x")["status"] == 503
    assert behind.aws.requests[1].json == {"KeyId": behind.key_arn(), "Marker": "again"}
    assert len(behind.aws.requests) < 60


def test_aliases_of_a_key(behind: Behind) -> None:
    condition = {"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/app/*"}}
    behind.allow(only("kms:Encrypt", condition))
    kms = behind.client("kms")
    behind.aws.answers["ListAliases"] = Told(body={"Aliases": [{"AliasName": "alias/other"}]})
    assert refusal(kms.encrypt, KeyId=KEY_ID, Plaintext=b"x")["Code"] == "AccessDeniedException"
    behind.aws.answers["ListAliases"] = Told(body={"Aliases": [{"AliasName": "alias/x"}, {"AliasName": "alias/app/y"}]})
    kms.encrypt(KeyId=KEY_ID, Plaintext=b"x")
    assert behind.aws.operations == ["ListAliases", "ListAliases", "Encrypt"]


def test_what_kind_of_key_it_is(behind: Behind) -> None:
    behind.allow(EVERYTHING, only("kms:*", {"StringNotEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT"}}, "Deny"))
    metadata = {"KeyOrigin": "x", "Origin": "AWS_KMS", "KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
    kms = behind.client("kms")
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {**metadata, "MultiRegion": False, "KeyId": KEY_ID}})
    assert refusal(kms.encrypt, KeyId=KEY_ID, Plaintext=b"x")["Code"] == "AccessDeniedException"
    metadata["KeySpec"] = "SYMMETRIC_DEFAULT"
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {**metadata, "KeyId": KEY_ID}})
    assert refusal(kms.encrypt, KeyId=KEY_ID, Plaintext=b"x")["status"] == 503
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {**metadata, "MultiRegion": False, "KeyId": KEY_ID}})
    kms.encrypt(KeyId=KEY_ID, Plaintext=b"x")


def schema(key: str, index_key: str = "") -> Told:
    table: dict[str, Any] = {"TableName": "t", "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]}
    index = {"IndexName": "by-other", "KeySchema": [{"AttributeName": index_key, "KeyType": "HASH"}]}
    return Told(body={"Table": {**table, "GlobalSecondaryIndexes": [index]}})


MINE = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["alice"]}}


def test_the_partition_keys_of_items(behind: Behind) -> None:
    behind.allow(only("dynamodb:*", MINE))
    behind.aws.answers["DescribeTable"] = schema("owner", "other")
    table, mine, his = behind.client("dynamodb"), {"owner": {"S": "alice"}}, {"owner": {"S": "bob"}}
    table.get_item(TableName="t", Key=mine)
    assert refusal(table.get_item, TableName="t", Key=his)["Code"] == "AccessDeniedException"
    of = {"ExpressionAttributeValues": {":v": {"S": "alice"}}}
    table.query(TableName="t", KeyConditionExpression="#o = :v", ExpressionAttributeNames={"#o": "owner"}, **of)
    table.query(TableName="t", IndexName="by-other", KeyConditionExpression="other = :v", **of)
    # Said of the table's key, and meant for the index, whose key is another attribute.
    wrong = {"TableName": "t", "IndexName": "by-other", "KeyConditionExpression": "owner = :v", **of}
    assert refusal(table.query, **wrong)["Code"] == "ValidationException"
    table.batch_get_item(RequestItems={"t": {"Keys": [mine]}})
    assert refusal(table.batch_get_item, RequestItems={"t": {"Keys": [mine, his]}})["Code"] == "AccessDeniedException"
    put = [{"Put": {"TableName": "t", "Item": item}} for item in (mine, his)]
    table.transact_write_items(TransactItems=put[:1])
    assert refusal(table.transact_write_items, TransactItems=put)["Code"] == "AccessDeniedException"
    assert refusal(table.query, TableName="t", QueryFilter={})["Code"] == "ValidationException"
    table.scan(TableName="t")  # which has no keys, so that a policy has to forbid it


def test_an_item_without_its_key_is_no_item_of_mine(behind: Behind) -> None:
    """ForAllValues is true of what is not there."""
    behind.allow(only("dynamodb:*", MINE))
    behind.aws.answers["DescribeTable"] = schema("owner")
    table = behind.client("dynamodb")
    for key in ({"Owner": {"S": "alice"}}, {"other": {"S": "alice"}}):
        assert refusal(table.get_item, TableName="t", Key=key)["Code"] == "ValidationException"
    for told in (Told(body={"Table": {}}), Told(body={}), Told(body={}, status=500), Told(body={"Table": "x"})):
        behind.aws.answers["DescribeTable"] = told
        assert refusal(table.get_item, TableName="t", Key={"owner": {"S": "alice"}})["status"] == 503
    assert set(behind.aws.operations) == {"DescribeTable"}


def test_more_resources_than_are_looked_up(behind: Behind) -> None:
    behind.allow(only("dynamodb:*", RED))
    behind.aws.answers["ListTagsOfResource"] = Told(body={"Tags": [{"Key": "team", "Value": "red"}]})
    many = {f"table{at}": {"Keys": [{"k": {"S": SECRET_DATA}}]} for at in range(101)}
    refused = refusal(behind.client("dynamodb").batch_get_item, RequestItems=many)
    assert refused["Code"].startswith(("NotImplemented", "Validation"))
    many.popitem()
    behind.client("dynamodb").batch_get_item(RequestItems=many)
    assert behind.aws.operations[-1] == "BatchGetItem"


@pytest.mark.parametrize("same", [True, False])
def test_whether_both_keys_of_a_re_encryption_are_one(behind: Behind, same: bool) -> None:
    other = behind.key_arn(KEY_ID if same else KEY_ID.replace("1234abcd", "deadbeef"))
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": other}})
    behind.aws.answers["ReEncrypt"] = Told(body={"SourceKeyId": KEY_ID})
    given = {"CiphertextBlob": KEY_ID.encode() + b" the rest", "DestinationKeyId": "alias/mine"}
    for value in ("true", "false"):
        condition = {"Bool": {"kms:ReEncryptOnSameKey": value}}
        behind.allow(
            EVERYTHING, {"Effect": "Deny", "Action": "kms:ReEncrypt*", "Resource": "*", "Condition": condition}
        )
        if (value == "true") == same:
            assert refusal(behind.client("kms").re_encrypt, **given)["Code"] == "AccessDeniedException"
        else:
            behind.client("kms").re_encrypt(**given)


SUBNETS = b"<DescribeSubnetsResponse><subnetSet>%s</subnetSet></DescribeSubnetsResponse>"
SUBNET = b"<item><subnetId>%s</subnetId><vpcId>%s</vpcId></item>"


def test_the_vpcs_of_a_function_are_those_of_its_subnets(behind: Behind) -> None:
    functions, given = behind.client("lambda"), {"FunctionName": "f", "VpcConfig": {"SubnetIds": ["subnet-1"]}}
    behind.aws.answers["DescribeSubnets"] = Told(body=SUBNETS % (SUBNET % (b"subnet-1", b"vpc-1")))

    def deny(vpc: str) -> None:
        condition = {"ForAnyValue:StringEquals": {"lambda:VpcIds": vpc}}
        behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "lambda:*", "Resource": "*", "Condition": condition})

    deny("vpc-2")
    functions.update_function_configuration(**given)
    deny("vpc-1")
    assert refusal(functions.update_function_configuration, **given)["Code"] == "AccessDeniedException"
    functions.update_function_configuration(FunctionName="f", Timeout=3)
    sent = len(behind.aws.requests)
    for told in (b"", SUBNET % (b"subnet-2", b"vpc-2"), SUBNET % (b"subnet-1", b"")):
        behind.aws.answers["DescribeSubnets"] = Told(body=SUBNETS % told)
        assert refusal(functions.update_function_configuration, **given)["status"] == 503
    missing = b"<Response><Errors><Error><Code>InvalidSubnetID.NotFound</Code></Error></Errors></Response>"
    behind.aws.answers["DescribeSubnets"] = Told(body=missing, status=400)
    assert refusal(functions.update_function_configuration, **given)["status"] == 503, "no absent key"
    assert {one.operation for one in behind.aws.requests[sent:]} == {"DescribeSubnets"}


@pytest.mark.parametrize(
    ("key", "member"),
    [("secretsmanager:SecretPrimaryRegion", "PrimaryRegion"), ("secretsmanager:resource/Type", "Type")],
)
def test_what_a_secret_is(behind: Behind, key: str, member: str) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:s-abcdef"
    deny = {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}
    behind.allow(EVERYTHING, {**deny, "Condition": {"StringEquals": {key: "mine"}}})
    for told, is_allowed in (("mine", False), ("other", True), (None, True)):
        described = {"ARN": arn} | ({member: told} if told else {})
        behind.aws.answers["DescribeSecret"] = Told(body=described)
        if is_allowed:
            behind.client("secretsmanager").get_secret_value(SecretId="s")
        else:
            error = refusal(behind.client("secretsmanager").get_secret_value, SecretId="s")
            assert error["Code"] == "AccessDeniedException"
