"""Keys of AWS KMS that encrypt parameters, records of streams, volumes and repositories: who uses them needs one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told

OTHER_KEY = "9999abcd-12ab-34cd-56ef-1234567890ab"
STREAM = {"StreamName": "s", "EncryptionType": "KMS", "KeyId": KEY_ID}
IAM_ONLY = {"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"}


def arn(behind: Behind, service: str, rest: str) -> str:
    return f"arn:aws:{service}:us-east-1:{behind.account}:{rest}"


def deny(action: str = "kms:*", **keys: str) -> dict[str, Any]:
    condition = {"Condition": {"StringEquals": keys}} if keys else {}
    return {"Effect": "Deny", "Action": action, "Resource": "*", **condition}


def secure(**more: Any) -> Told:
    return Told(body={"Parameters": [{"Type": "SecureString", "KeyId": KEY_ID, "Name": "/a/b", **more}]})


NONE = Told(body={"Parameters": []})


@pytest.fixture
def keyed(behind: Behind) -> Behind:
    behind.aws.answers["DescribeParameters"] = secure()
    behind.aws.answers["DescribeStreamSummary"] = Told(body={"StreamDescriptionSummary": STREAM})
    behind.client("kinesis").stop_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId="x")
    behind.aws.requests.clear()
    return behind


GET = [
    ("get_parameter", {"Name": "/a/b", "WithDecryption": True}),
    ("get_parameters", {"Names": ["/a/b"], "WithDecryption": True}),
    ("get_parameters_by_path", {"Path": "/a", "Recursive": True, "WithDecryption": True}),
    ("get_parameter_history", {"Name": "/a/b", "WithDecryption": True}),
    ("get_parameter", {"Name": "/a/b:prod", "WithDecryption": True}),
    ("put_parameter", {"Name": "/a/b", "Value": "v", "Type": "SecureString", "KeyId": KEY_ID}),
    ("put_parameter", {"Name": "/a/b", "Value": "v", "Type": "SecureString", "KeyId": KEY_ID, "Tier": "Advanced"}),
    ("put_parameter", {"Name": "/a/b", "Value": "v", "KeyId": KEY_ID, "Overwrite": True}),
]


@pytest.mark.parametrize(("call", "given"), GET)
def test_who_gets_or_puts_a_value_needs_the_key(keyed: Behind, call: str, given: dict[str, Any]) -> None:
    keyed.aws.answers["GetParameterHistory"] = secure(Version=3, Labels=["prod"])
    client = keyed.client("ssm")
    getattr(client, call)(**given)
    action = "kms:Decrypt" if call.startswith("get") else "kms:Encrypt"
    action = "kms:GenerateDataKey" if given.get("Tier") else action
    decided = keyed.last_event()["additionalEventData"]["decisions"]
    assert [one["action"] for one in decided if one["action"].startswith("kms:")] == [action]
    sent = len(keyed.aws.requests)
    keyed.allow(IAM_ONLY)
    error = refusal(getattr(client, call), **given)
    assert error["Code"] == "AccessDeniedException"
    assert f"perform: {action} on resource: {keyed.key_arn()}" in error["Message"]
    through = {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}
    of_parameter = {"kms:EncryptionContext:PARAMETER_ARN": arn(keyed, "ssm", "parameter/a/b")}
    for keys in (through, of_parameter):
        keyed.allow(EVERYTHING, deny(action, **keys))
        assert refusal(getattr(client, call), **given)["Code"] == "AccessDeniedException"
    if call != "get_parameter_history":
        assert "".join(map(str.capitalize, call.split("_"))) not in keyed.aws.operations[sent:]


def test_what_is_not_decrypted_needs_no_key(keyed: Behind) -> None:
    keyed.allow(IAM_ONLY)
    client = keyed.client("ssm")
    client.get_parameter(Name="/a/b")
    client.get_parameters_by_path(Path="/a")
    client.put_parameter(Name="/a/b", Value="v", Type="String")
    assert "DescribeParameters" not in keyed.aws.operations
    keyed.aws.answers["DescribeParameters"] = NONE
    client.get_parameter(Name="/a/b", WithDecryption=True)
    client.put_parameter(Name="/a/b", Value="v", Overwrite=True)


def test_a_secure_string_stays_one_if_its_value_is_put_without_a_type(keyed: Behind) -> None:
    keyed.allow(IAM_ONLY)
    put = {"Name": "/a/b", "Value": "v", "Overwrite": True}
    keyed.client("ssm").put_parameter(**put)
    keyed.allow(EVERYTHING, deny("kms:Encrypt"))
    assert "alias/aws/ssm" not in refusal(keyed.client("ssm").put_parameter, **put)["Message"]
    assert keyed.aws.operations.count("PutParameter") == 1


def test_the_key_of_a_version_is_that_of_the_version(keyed: Behind) -> None:
    versions = [
        {"Type": "SecureString", "KeyId": OTHER_KEY, "Version": 1},
        {"Type": "SecureString", "KeyId": KEY_ID, "Version": 2, "Labels": ["prod"]},
    ]
    keyed.aws.answers["GetParameterHistory"] = Told(body={"Parameters": versions})
    keyed.allow(EVERYTHING, {**deny(), "Resource": keyed.key_arn(OTHER_KEY)})
    client = keyed.client("ssm")
    for name in ("/a/b", "/a/b:2", "/a/b:prod", arn(keyed, "ssm", "parameter/a/b")):
        client.get_parameter(Name=name, WithDecryption=True)
    assert refusal(client.get_parameter, Name="/a/b:1", WithDecryption=True)["Code"] == "AccessDeniedException"
    both = ["/a/b", "/a/b:1"]
    assert refusal(client.get_parameters, Names=both, WithDecryption=True)["Code"] == "AccessDeniedException"


def test_a_name_with_and_without_a_slash_have_one_arn(keyed: Behind) -> None:
    keyed.allow(IAM_ONLY)
    client = keyed.client("ssm")
    assert refusal(client.get_parameter, Name="c", WithDecryption=True)["Code"] == "AccessDeniedException"
    assert keyed.aws.requests[-1].json["ParameterFilters"][0]["Values"] == ["/c", "c"]
    keyed.aws.answers["GetParameterHistory"] = Told(body={"__type": "ParameterNotFound"}, status=400)
    keyed.allow(EVERYTHING)
    client.get_parameter(Name="c:1", WithDecryption=True)
    assert keyed.aws.operations.count("GetParameterHistory") == 2


def test_a_parameter_without_a_key_has_that_of_aws(keyed: Behind) -> None:
    keyed.aws.answers["DescribeParameters"] = secure(KeyId=None)
    keyed.allow(IAM_ONLY)
    keyed.client("ssm").get_parameter(Name="/a/b", WithDecryption=True)
    keyed.allow(EVERYTHING, deny("kms:Decrypt"))
    assert refusal(keyed.client("ssm").get_parameter, Name="/a/b", WithDecryption=True)["status"] == 400


def test_a_look_up_that_fails_is_no_key(keyed: Behind) -> None:
    failed = Told(body={}, status=500)
    keyed.aws.answers |= {"DescribeParameters": failed, "DescribeStreamSummary": failed}
    assert refusal(keyed.client("ssm").get_parameter, Name="/a/b", WithDecryption=True)["status"] == 503
    put = {"StreamName": "s", "Data": b"d", "PartitionKey": "k"}
    assert refusal(keyed.client("kinesis").put_record, **put)["status"] == 503
    keyed.aws.answers["DescribeStreamSummary"] = Told(body={})
    assert refusal(keyed.client("kinesis").put_record, **put)["status"] == 503
    assert not {"GetParameter", "PutRecord"} & set(keyed.aws.operations)


RECORDS = [
    ("put_record", {"StreamName": "s", "Data": b"d", "PartitionKey": "k"}, "kms:GenerateDataKey"),
    ("put_records", {"StreamName": "s", "Records": [{"Data": b"d", "PartitionKey": "k"}]}, "kms:GenerateDataKey"),
    ("get_records", {"ShardIterator": "i", "StreamARN": "{}"}, "kms:Decrypt"),
]


@pytest.mark.parametrize(("call", "given", "action"), RECORDS)
def test_producers_and_consumers_need_the_key(keyed: Behind, call: str, given: dict[str, Any], action: str) -> None:
    stream = arn(keyed, "kinesis", "stream/s")
    written = {name: stream if value == "{}" else value for name, value in given.items()}
    ask = getattr(keyed.client("kinesis"), call)
    for _ in range(2):
        ask(**written)
    assert keyed.aws.operations.count("DescribeStreamSummary") == 1
    keyed.allow(IAM_ONLY)
    error = refusal(ask, **written)
    assert error["Code"] == "KMSAccessDeniedException"
    assert f"perform: {action} on resource: {keyed.key_arn()}" in error["Message"]
    for keys in (
        {"kms:EncryptionContext:aws:kinesis:arn": stream},
        {"kms:ViaService": "kinesis.us-east-1.amazonaws.com"},
    ):
        keyed.allow(EVERYTHING, deny(action, **keys))
        assert refusal(ask, **written)["Code"] == "KMSAccessDeniedException"


def test_a_stream_that_is_not_encrypted_needs_no_key(keyed: Behind) -> None:
    keyed.allow(IAM_ONLY)
    client = keyed.client("kinesis")
    put = {"StreamName": "s", "Data": b"d", "PartitionKey": "k"}
    assert refusal(client.put_record, **put)["Code"] == "KMSAccessDeniedException"
    keyed.aws.answers["DescribeStreamSummary"] = Told(body={"StreamDescriptionSummary": {"EncryptionType": "NONE"}})
    client.stop_stream_encryption(StreamName="s", EncryptionType="KMS", KeyId=KEY_ID)
    client.put_record(**put)
    begin = {"StreamName": "s", "EncryptionType": "KMS", "KeyId": KEY_ID}
    assert refusal(client.start_stream_encryption, **begin)["Code"] == "KMSAccessDeniedException"
    keyed.allow(EVERYTHING)
    client.start_stream_encryption(**begin)


EC2_MADE = Told(body=b"<CreateVolumeResponse><volumeId>vol-1</volumeId></CreateVolumeResponse>")
MAKING: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "ec2",
        "create_volume",
        {"AvailabilityZone": "us-east-1a", "Encrypted": True, "KmsKeyId": KEY_ID},
        [
            *("kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt"),
            *("kms:ReEncryptFrom", "kms:ReEncryptTo"),
        ],
    ),
    (
        "ecr",
        "create_repository",
        {"repositoryName": "repo", "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": KEY_ID}},
        ["kms:DescribeKey", "kms:CreateGrant"],
    ),
]


@pytest.mark.parametrize(("service", "call", "given", "actions"), MAKING)
def test_who_makes_what_a_key_encrypts_needs_the_key(
    keyed: Behind, service: str, call: str, given: dict[str, Any], actions: list[str]
) -> None:
    keyed.aws.answers["CreateVolume"] = EC2_MADE
    ask = getattr(keyed.client(service), call)
    ask(**given)
    for action in actions:
        keyed.allow(EVERYTHING, deny(action, **{"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}))
        error = refusal(ask, **given)
        assert error["Code"] in ("AccessDeniedException", "UnauthorizedOperation")
        assert action in error["Message"]
    keyed.allow(EVERYTHING, {**deny("kms:CreateGrant"), "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}}})
    assert "kms:CreateGrant" in refusal(ask, **given)["Message"]
    sent = len(keyed.aws.requests)
    keyed.allow(EVERYTHING, deny("kms:CreateGrant", **{"kms:GranteePrincipal": "x"}))
    assert refusal(ask, **given)["Code"] in ("NotImplementedException", "UnsupportedOperation"), (
        "who gets the grant is not known"
    )
    assert len(keyed.aws.requests) == sent


def test_a_repository_without_a_key_has_that_of_aws(keyed: Behind) -> None:
    keyed.allow(IAM_ONLY)
    ask = keyed.client("ecr").create_repository
    ask(repositoryName="repo")
    ask(repositoryName="repo", encryptionConfiguration={"encryptionType": "KMS"})
    keyed.allow(EVERYTHING, deny("kms:CreateGrant"))
    ask(repositoryName="repo", encryptionConfiguration={"encryptionType": "AES256"})
    refused = refusal(ask, repositoryName="repo", encryptionConfiguration={"encryptionType": "KMS"})
    assert refused["Code"] == "AccessDeniedException"
