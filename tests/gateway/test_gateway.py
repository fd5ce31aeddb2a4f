"""Requests through the gateway: what is allowed is sent on, and nothing else."""

from __future__ import annotations

import base64
import json
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from carnet.gateway.upstreams.connection import UpstreamRequest
from carnet.gateway.upstreams.upstream import Upstream, UpstreamResponse
from tests.gateway.behind import EVERYTHING, KEY_ID, SECRET_DATA, Behind, refusal
from tests.gateway.fake_aws import Told
from tests.server.in_process import in_process_server

ITEM = {"k": {"S": "a"}}
TABLES = ("mine", "theirs")


ON_NOTHING = {
    ("dynamodb", "list_tables"): ("dynamodb:ListTables", "arn:aws:dynamodb:us-east-1:{}:table/*"),
    ("kms", "list_keys"): ("kms:ListKeys", "*"),
    ("lambda", "list_functions"): ("lambda:ListFunctions", "*"),
    ("s3", "list_buckets"): ("s3:ListAllMyBuckets", ""),
    ("secretsmanager", "list_secrets"): ("secretsmanager:ListSecrets", ""),
    ("sns", "list_topics"): ("SNS:ListTopics", "arn:aws:sns:us-east-1:{}:*"),
    ("sqs", "list_queues"): ("sqs:listqueues", "arn:aws:sqs:us-east-1:{}:"),
}
"""What denials name of requests that are on no resource, as recorded from AWS."""


def test_what_is_allowed_is_sent_on_in_the_gateways_own_words(behind: Behind) -> None:
    behind.aws.answers["DescribeKey"] = Told(
        body={"KeyMetadata": {"KeyId": KEY_ID, "Arn": behind.key_arn()}},
        headers={"x-amzn-requestid": "theirs", "set-cookie": "a=b"},
    )
    answer = behind.client("kms").describe_key(KeyId=KEY_ID)
    assert answer["KeyMetadata"]["KeyId"] == KEY_ID
    (sent,) = behind.aws.requests
    assert sent.json == {"KeyId": KEY_ID}
    assert set(sent.headers) == {
        "authorization",
        "content-length",
        "content-type",
        "host",
        "x-amz-date",
        "x-amz-target",
        "x-moto-account-id",
    }
    assert behind.key[0] not in sent.headers["authorization"]
    assert "/us-east-1/kms/aws4_request" in sent.headers["authorization"]
    assert sent.headers["x-moto-account-id"] == behind.account
    assert sent.headers["host"] == f"127.0.0.1:{behind.server.port}"
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert "set-cookie" not in headers
    event = behind.last_event()
    assert (event["eventSource"], event["eventName"]) == ("kms.amazonaws.com", "DescribeKey")
    assert event["requestID"] == headers["x-amzn-requestid"] != "theirs"
    assert event["additionalEventData"]["upstreamRequestId"] == "theirs"
    assert event["additionalEventData"]["decisions"][0]["resource"] == behind.key_arn()
    assert event["requestParameters"] == {"keyId": KEY_ID}


@pytest.mark.parametrize(("service", "call"), ON_NOTHING)
def test_what_is_on_no_resource_is_denied_as_at_aws(behind: Behind, service: str, call: str) -> None:
    action, resource = ON_NOTHING[service, call]
    behind.allow({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    where = f" on resource: {resource.format(behind.account)}" if resource else ""
    assert refusal(getattr(behind.client(service), call))["Message"] == (
        f"User: arn:aws:iam::{behind.account}:user/alice is not authorized to perform: {action}{where} because no "
        f"identity-based policy allows the {action} action"
    )
    assert behind.aws.requests == []


def test_a_policy_may_name_what_lists_are_decided_on(behind: Behind) -> None:
    """Lists by the ARN of what the account has in the Region, platform applications and their endpoints by theirs."""
    topics = f"arn:aws:sns:us-east-1:{behind.account}:*"
    application = f"arn:aws:sns:us-east-1:{behind.account}:app/GCM/theirs"
    behind.allow(
        {"Effect": "Allow", "Action": "sns:*", "Resource": topics},
        {"Effect": "Deny", "Action": "sns:*", "Resource": application},
    )
    sns = behind.client("sns")
    for listed in ("ListTopics", "DeleteEndpoint"):
        answer = f"<{listed}Response><{listed}Result/></{listed}Response>"
        behind.aws.answers[listed] = Told(body=answer.encode())
    sns.list_topics()
    endpoint = application.replace(":app/", ":endpoint/") + "/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"
    for delete, given in (
        (sns.delete_endpoint, {"EndpointArn": endpoint}),
        (sns.delete_platform_application, {"PlatformApplicationArn": application}),
    ):
        assert f"on resource: {application} with an explicit deny" in refusal(delete, **given)["Message"]
    sns.delete_endpoint(EndpointArn=endpoint.replace("theirs", "mine"))


def test_a_denial_names_a_secret_as_the_request_does(behind: Behind) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:prod/db-a1b2c3"
    behind.aws.answers["DescribeSecret"] = Told(body={"ARN": arn, "Name": "prod/db"})
    behind.allow({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    secrets = behind.client("secretsmanager")
    for given in ("prod/db", arn):
        message = refusal(secrets.get_secret_value, SecretId=given)["Message"]
        assert f"perform: secretsmanager:GetSecretValue on resource: {given} because no identity-based" in message
    message = refusal(secrets.create_secret, Name="prod/new", SecretString="x")["Message"]
    assert "perform: secretsmanager:CreateSecret on resource: prod/new because no identity-based" in message


def test_what_is_denied_is_not_sent(behind: Behind) -> None:
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "kms:DescribeKey", "Resource": behind.key_arn()})
    error = refusal(behind.client("kms").describe_key, KeyId=KEY_ID)
    assert (error["Code"], error["status"]) == ("AccessDeniedException", 400)
    assert error["Message"] == (
        f"User: arn:aws:iam::{behind.account}:user/alice is not authorized to perform: kms:DescribeKey "
        f"on resource: {behind.key_arn()} with an explicit deny in an identity-based policy"
    )
    assert behind.aws.requests == []
    assert error["mode"] == "enforce"
    event = behind.last_event()
    assert (event["errorCode"], event["errorMessage"]) == ("AccessDenied", error["Message"])
    assert event["additionalEventData"]["decisions"][0]["verdict"] == "explicitDeny"


@pytest.mark.parametrize(
    ("service", "call", "given", "code", "status", "sentence"),
    [
        (
            "sns",
            "publish",
            {"TopicArn": "arn:aws:sns:us-east-1:{}:t", "Message": "m"},
            "AuthorizationError",
            403,
            (
                "perform: SNS:Publish on resource: arn:aws:sns:us-east-1:{}:t because no identity-based policy allows "
                "the SNS:Publish action"
            ),
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": "http://anywhere/{}/q", "MessageBody": "m"},
            "AccessDenied",
            400,
            (
                "perform: sqs:sendmessage on resource: arn:aws:sqs:us-east-1:{}:q because no identity-based policy "
                "allows the sqs:sendmessage action"
            ),
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "f"},
            "AccessDeniedException",
            403,
            (
                "perform: lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:{}:function:f because no "
                "identity-based policy allows the lambda:InvokeFunction action"
            ),
        ),
        (
            "dynamodb",
            "get_item",
            {"TableName": "t", "Key": {"k": {"S": "a"}}},
            "AccessDeniedException",
            400,
            (
                "perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:{}:table/t because no "
                "identity-based policy allows the dynamodb:GetItem action"
            ),
        ),
    ],
)
def test_each_service_denies_in_its_own_words(
    behind: Behind, service: str, call: str, given: dict[str, Any], code: str, status: int, sentence: str
) -> None:
    behind.allow({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    filled = {name: value.format(behind.account) if isinstance(value, str) else value for name, value in given.items()}
    error = refusal(getattr(behind.client(service), call), **filled)
    assert (error["Code"], error["status"]) == (code, status)
    assert error["Message"].endswith(sentence.format(behind.account, behind.account))
    assert behind.aws.requests == []


def test_who_is_not_known_is_refused(behind: Behind) -> None:
    for key, secret in (("AKIAQAAAAAAAAAAAAAAA", "x" * 40), (behind.key[0], "x" * 40)):
        refused = refusal(behind.server.client("kms", key, secret).list_keys)
        assert refused["Code"] in ("UnrecognizedClientException", "InvalidSignatureException")
    unsigned = boto3.client(
        "kms",
        endpoint_url=behind.server.endpoint,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    refusal(unsigned.list_keys)
    assert behind.aws.requests == []


def test_the_account_of_the_resource_decides_and_is_told(behind: Behind) -> None:
    """A queue of another account: without that account's consent nobody of this one has it."""
    error = refusal(behind.client("sqs").send_message, QueueUrl="http://x/111122223333/q", MessageBody="m")
    assert error["Message"].endswith("because no resource-based policy allows the sqs:sendmessage action")
    error = refusal(behind.client("kms").describe_key, KeyId=f"arn:aws:kms:us-east-1:111122223333:key/{KEY_ID}")
    assert error["Code"] == "AccessDeniedException"
    assert behind.aws.requests == []


def test_an_alias_is_looked_up_and_leads_nowhere_else_afterwards(behind: Behind) -> None:
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn()}})
    behind.allow({"Effect": "Allow", "Action": "kms:Encrypt", "Resource": behind.key_arn()})
    behind.client("kms").encrypt(KeyId="alias/mine", Plaintext=SECRET_DATA.encode())
    assert behind.aws.operations == ["DescribeKey", "Encrypt"]
    assert behind.aws.requests[1].json["KeyId"] == behind.key_arn()
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "kms:Encrypt", "Resource": behind.key_arn()})
    assert refusal(behind.client("kms").encrypt, KeyId="alias/mine", Plaintext=b"x")["Code"] == "AccessDeniedException"
    assert behind.aws.operations == ["DescribeKey", "Encrypt", "DescribeKey"]


def test_a_ciphertext_tells_its_key(behind: Behind) -> None:
    blob = KEY_ID.encode() + b"\x00\xff the rest"
    behind.allow({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": behind.key_arn()})
    behind.aws.answers["Decrypt"] = Told(body={"KeyId": behind.key_arn()})
    behind.client("kms").decrypt(CiphertextBlob=blob)
    (sent,) = behind.aws.requests
    assert (sent.json["KeyId"], base64.b64decode(sent.json["CiphertextBlob"])) == (behind.key_arn(), blob)
    other = KEY_ID.replace("1234abcd", "deadbeef").encode() + b" the rest"
    assert refusal(behind.client("kms").decrypt, CiphertextBlob=other)["Code"] == "AccessDeniedException"
    assert len(behind.aws.requests) == 1


@pytest.mark.parametrize("blob", [b"no key id", b"\xff" * 200, KEY_ID.encode()[:-1]], ids=repr)
def test_what_no_key_has_encrypted_is_told_as_aws_kms_tells_it(behind: Behind, blob: bytes) -> None:
    """A client's mistake, which SDKs do not send again; whoever may not decrypt is told nothing of it."""
    kms = behind.client("kms")
    for call in (kms.decrypt, partial(kms.re_encrypt, DestinationKeyId=KEY_ID)):
        refused = refusal(call, CiphertextBlob=blob)
        assert (refused["Code"], refused["status"], refused["Message"]) == ("InvalidCiphertextException", 400, "")
    behind.allow({"Effect": "Allow", "Action": "kms:Encrypt*", "Resource": "*"})
    assert refusal(kms.decrypt, CiphertextBlob=blob)["Code"] == "AccessDeniedException"
    assert behind.aws.requests == []


@pytest.mark.parametrize("told", ["another key", None, 5, "*", ""])
def test_what_was_decrypted_with_another_key_is_not_handed_out(behind: Behind, told: Any) -> None:
    """The key that was named is allowed; the upstream goes by the ciphertext."""
    kms, blob = behind.client("kms"), KEY_ID.encode() + b" the rest"
    secret = base64.b64encode(SECRET_DATA.encode()).decode()
    behind.aws.answers["Decrypt"] = Told(body={"KeyId": told, "Plaintext": secret})
    refused = refusal(kms.decrypt, CiphertextBlob=blob, KeyId=KEY_ID)
    assert (refused["Code"], refused["status"]) == ("ServiceUnavailableException", 503)
    behind.aws.answers["ReEncrypt"] = Told(body={"KeyId": behind.key_arn(), "SourceKeyId": told})
    assert refusal(kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=KEY_ID)["status"] == 503


def test_a_ciphertext_does_not_tell_its_key_everywhere(tmp_path: Path) -> None:
    """On an upstream whose ciphertexts do not begin with it, the beginning may be whatever its caller wants."""
    profile = {"accounts": "header:x-account", "operations": {"kms": ["Decrypt", "DescribeKey"]}}
    (tmp_path / "mine.json").write_text(json.dumps(profile))
    upstreams = tmp_path / "upstreams.json"
    upstreams.write_text(json.dumps({"upstreams": {"a": {"url": "http://127.0.0.1:9", "profile": "mine.json"}}}))
    upstreams.chmod(0o600)
    with in_process_server(tmp_path / "data", upstreams=upstreams) as server:
        kms, blob = server.client("kms"), KEY_ID.encode() + b" the rest"
        refused = refusal(kms.decrypt, CiphertextBlob=blob, KeyId=KEY_ID)
        assert "cannot be told" in refused["Message"]


def test_a_ciphertext_is_moved_from_its_key_to_an_alias(behind: Behind) -> None:
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn("9" * 8 + KEY_ID[8:])}})
    behind.aws.answers["ReEncrypt"] = Told(body={"SourceKeyId": KEY_ID})
    behind.client("kms").re_encrypt(CiphertextBlob=KEY_ID.encode() + b" the rest", DestinationKeyId="alias/mine")
    sent = behind.aws.requests[-1]
    assert (sent.operation, sent.json["SourceKeyId"]) == ("ReEncrypt", behind.key_arn())
    assert sent.json["DestinationKeyId"] == behind.key_arn("9" * 8 + KEY_ID[8:])


@pytest.mark.parametrize(
    ("told", "code", "status"),
    [
        (Told(body={"__type": "NotFoundException"}, status=400), "NotFoundException", 400),
        (Told(body={}, status=500), "ServiceUnavailableException", 503),
        (Told(body={"KeyMetadata": {"Arn": "not an ARN"}}), "ServiceUnavailableException", 503),
        (
            Told(body={"KeyMetadata": {"Arn": "arn:aws:kms:us-east-1:111122223333:key/*"}}),
            "ServiceUnavailableException",
            503,
        ),
        (Told(body=b"{"), "ServiceUnavailableException", 503),
        (Told(body={"KeyMetadata": {}}, length=100), "ServiceUnavailableException", 503),
    ],
)
def test_a_look_up_that_fails_is_no_answer(behind: Behind, told: Told, code: str, status: int) -> None:
    """Least of all for a policy that allows all but one key."""
    behind.allow({"Effect": "Allow", "Action": "kms:*", "NotResource": behind.key_arn()})
    behind.aws.answers["DescribeKey"] = told
    error = refusal(behind.client("kms").encrypt, KeyId="alias/mine", Plaintext=b"x")
    assert (error["Code"], error["status"]) == (code, status)
    assert "Encrypt" not in behind.aws.operations


def test_who_may_not_have_it_is_not_told_that_it_is_missing(behind: Behind) -> None:
    behind.aws.answers["DescribeKey"] = Told(body={"__type": "NotFoundException"}, status=400)
    behind.aws.answers["DescribeSecret"] = Told(body={"__type": "ResourceNotFoundException"}, status=400)
    assert refusal(behind.client("kms").encrypt, KeyId="alias/x", Plaintext=b"x")["Code"] == "NotFoundException"
    error = refusal(behind.client("secretsmanager").get_secret_value, SecretId="x")
    assert error["Code"] == "ResourceNotFoundException"
    behind.allow({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    for call, given in (
        (behind.client("kms").encrypt, {"KeyId": "alias/x", "Plaintext": b"x"}),
        (behind.client("secretsmanager").get_secret_value, {"SecretId": "x"}),
    ):
        assert refusal(call, **given)["Code"] == "AccessDeniedException"


def test_a_condition_on_what_is_not_known_decides_nothing(behind: Behind) -> None:
    whole = {"StringEquals": {"dynamodb:Select": "ALL_ATTRIBUTES"}}
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*", "Condition": whole})
    error = refusal(behind.client("dynamodb").execute_statement, Statement="SELECT * FROM t")
    assert (error["Code"], error["status"]) == ("NotImplementedException", 400)
    assert "conditions on what is not known" in error["Message"]
    assert error["Message"].endswith("dynamodb:select.")
    assert behind.aws.requests == []


@pytest.mark.parametrize(
    ("service", "call", "given"),
    [
        ("sns", "get_data_protection_policy", {"ResourceArn": "arn:aws:sns:us-east-1:1:t"}),
    ],
)
def test_no_upstream_is_told_of_a_policy(behind: Behind, service: str, call: str, given: dict[str, Any]) -> None:
    error = refusal(getattr(behind.client(service), call), **given)
    assert (error["Code"].removesuffix("Exception"), error["status"]) == ("NotImplemented", 400)
    assert behind.aws.requests == []


def test_an_upstreams_refusal_is_handed_back_and_noted(behind: Behind) -> None:
    behind.aws.answers["DescribeKey"] = Told(
        body={"__type": "com.amazonaws#NotFoundException", "message": "no"}, status=400
    )
    error = refusal(behind.client("kms").describe_key, KeyId=KEY_ID)
    assert (error["Code"], error["Message"]) == ("NotFoundException", "no")
    assert behind.last_event()["errorCode"] == "NotFoundException"


def test_what_the_profile_does_not_list_is_not_sent(behind: Behind) -> None:
    told = refusal(behind.client("kms").describe_custom_key_stores)
    assert told["Code"] == "NotImplementedException"
    assert "moto is not known to do DescribeCustomKeyStores as kms does" in told["Message"]
    assert behind.aws.requests == []
    behind.allow({"Effect": "Allow", "Action": "sqs:*", "Resource": "*"})
    assert refusal(behind.client("kms").describe_custom_key_stores)["Code"] == "AccessDeniedException"


def test_an_answer_of_any_length(behind: Behind) -> None:
    for size in (65_535, 65_536, 65_537, 3_000_000):
        behind.aws.answers["GetSecretValue"] = Told(body={"SecretString": "x" * size})
        arn = f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:s-abcdef"
        behind.aws.answers["DescribeSecret"] = Told(body={"ARN": arn})
        assert len(behind.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]) == size


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_an_answer_that_is_cut_is_never_a_success(behind: Behind, size: int) -> None:
    behind.aws.answers["ListKeys"] = Told(body=b"{" + b" " * size, length=size + 100)
    client = boto3.client(
        "kms",
        endpoint_url=behind.server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=behind.key[0],
        aws_secret_access_key=behind.key[1],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )
    with pytest.raises((ClientError, BotoCoreError)) as caught:
        client.list_keys()
    if isinstance(caught.value, ClientError):
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_data_is_in_no_log(behind: Behind) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:s-abcdef"
    behind.aws.answers["DescribeSecret"] = Told(body={"ARN": arn})
    behind.client("secretsmanager").put_secret_value(SecretId=arn, SecretString=SECRET_DATA)
    behind.client("secretsmanager").create_secret(Name="s", SecretString=SECRET_DATA)
    behind.client("sqs").send_message(QueueUrl=f"http://x/{behind.account}/q", MessageBody=SECRET_DATA)
    behind.client("kms").encrypt(KeyId=KEY_ID, Plaintext=SECRET_DATA.encode())
    behind.client("dynamodb").put_item(TableName="t", Item={"k": {"S": SECRET_DATA}})
    assert len(behind.aws.requests) >= 5
    data = behind.server.installation.settings.data_dir
    written = b"".join(path.read_bytes() for path in (data / "audit").iterdir())
    assert SECRET_DATA.encode() not in written
    assert base64.b64encode(SECRET_DATA.encode()) not in written


def signed(behind: Behind, service: str, body: bytes, **headers: str) -> dict[str, str]:
    """The headers of a request that says what no SDK would."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(
        method="POST",
        url=behind.server.endpoint + "/",
        data=body,
        headers={n.replace("_", "-"): v for n, v in headers.items()},
    )
    SigV4Auth(Credentials(*behind.key), service, "us-east-1").add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}


@pytest.mark.parametrize(
    ("service", "body", "headers"),
    [
        # Signed for one service, and meant for another.
        ("sqs", b'{"SecretId":"s"}', {"X_Amz_Target": "secretsmanager.GetSecretValue"}),
        ("secretsmanager", b'{"QueueUrl":"http://x/1/q"}', {"X_Amz_Target": "AmazonSQS.SendMessage"}),
        # Told twice.
        (
            "sns",
            b"Action=ListTopics&Action=Publish&Version=2010-03-31",
            {"Content_Type": "application/x-www-form-urlencoded"},
        ),
        ("kms", b'{"KeyId":"a","KeyId":"b"}', {"X_Amz_Target": "TrentService.DescribeKey"}),
        # Deeper than anything needs.
        ("kms", b'{"KeyId":' + b"[" * 10_000 + b"]" * 10_000 + b"}", {"X_Amz_Target": "TrentService.DescribeKey"}),
        ("kms", b"not json", {"X_Amz_Target": "TrentService.DescribeKey"}),
        ("kms", b'{"KeyId":5}', {"X_Amz_Target": "TrentService.DescribeKey"}),
        ("kms", b"{}", {"X_Amz_Target": "TrentService.DescribeKey"}),
        ("kms", b"{}", {"X_Amz_Target": "TrentService.NoSuchThing"}),
        # A protocol that is not read here.
        ("kms", b"Action=ListKeys&Version=2014-11-01", {"Content_Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_what_contradicts_itself_is_not_sent(
    behind: Behind, service: str, body: bytes, headers: dict[str, str]
) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(behind, service, body, **headers).items())
    host = "" if "host:" in head.lower() else f"host: 127.0.0.1:{behind.server.port}\r\n"
    raw = f"POST / HTTP/1.1\r\n{host}{head}content-length: {len(body)}\r\n\r\n".encode() + body
    status = behind.server.send(raw).split(b" ")[1]
    assert status[:1] == b"4", status
    assert behind.aws.requests == []


def test_an_upstream_that_is_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    with in_process_server(tmp_path_factory.mktemp("away"), upstream="moto=http://127.0.0.1:9") as server:
        error = refusal(server.client("kms").list_keys)
        assert (error["Code"], error["status"]) == ("ServiceUnavailableException", 503)
        assert server.client("sts").get_caller_identity()["Account"] == server.root.account
        refused = refusal(server.client("glue").list_jobs)  # which does not stand behind it
        assert refused["Code"] in ("DryRunOperationException", "NotImplementedException")


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("batch_get_item", {"RequestItems": {"mine": {"Keys": [ITEM]}, "theirs": {"Keys": [ITEM]}}}),
        ("batch_write_item", {"RequestItems": {"theirs": [{"DeleteRequest": {"Key": ITEM}}]}}),
        ("transact_get_items", {"TransactItems": [{"Get": {"TableName": name, "Key": ITEM}} for name in TABLES]}),
        ("execute_statement", {"Statement": 'SELECT * FROM "theirs"'}),
        ("execute_statement", {"Statement": "SELECT * FROM mine -- \n, theirs"}),
        ("execute_statement", {"Statement": 'SELECT * FROM mine /* " */ WHERE a = 1'}),
        ("execute_statement", {"Statement": "SELECT * FROM mine, theirs"}),
        ("execute_statement", {"Statement": "SELECT * FROM mine; DELETE FROM theirs"}),
        ("execute_statement", {"Statement": 'UPDATE "mi""ne" SET a = 1'}),
    ],
)
def test_a_forbidden_table_among_others(behind: Behind, call: str, given: dict[str, Any]) -> None:
    mine = f"arn:aws:dynamodb:us-east-1:{behind.account}:table/mine"
    behind.allow({"Effect": "Allow", "Action": "dynamodb:*", "Resource": mine})
    error = refusal(getattr(behind.client("dynamodb"), call), **given)
    assert error["Code"] in ("AccessDeniedException", "ValidationException")
    assert behind.aws.requests == []


@pytest.mark.parametrize(
    "url", ["http://x/111122223333/q", "https://sqs.us-east-1.amazonaws.com/111122223333/q", "http://x/{}/q/../../1/q"]
)
def test_a_foreign_queue_url(behind: Behind, url: str) -> None:
    given = {"QueueUrl": url.format(behind.account), "MessageBody": "m"}
    error = refusal(behind.client("sqs").send_message, **given)
    assert error["Code"].rpartition(".")[2] in ("AccessDenied", "NonExistentQueue", "QueueDoesNotExist")
    assert behind.aws.requests == []


def test_connections_are_counted_for_who_calls(behind: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of look-ups."""
    counted: list[tuple[str, str]] = []
    sent = Upstream.exchange

    async def exchange(self: Upstream, request: UpstreamRequest, caller: str = "") -> UpstreamResponse:
        counted.append((dict(request.headers)["x-amz-target"], caller))
        return await sent(self, request, caller)

    monkeypatch.setattr(Upstream, "exchange", exchange)
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn()}})
    behind.client("kms").encrypt(KeyId="alias/mine", Plaintext=b"x")
    assert counted == [
        ("TrentService.DescribeKey", behind.account),
        ("TrentService.Encrypt", behind.account),
    ]


def test_no_change_is_sent_on_if_the_disk_of_the_audit_log_is_nearly_full(
    behind: Behind, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = behind.client("dynamodb")
    behind.server.fill_disk(monkeypatch)
    asked = len(behind.aws.requests)
    error = refusal(table.put_item, TableName="t", Item={"k": {"S": "1"}})
    assert error["status"] == 503
    assert "nearly full" in error["Message"]
    assert len(behind.aws.requests) == asked
    table.get_item(TableName="t", Key={"k": {"S": "1"}})
    assert len(behind.aws.requests) == asked + 1


@pytest.mark.parametrize(
    ("host", "is_told"),
    [
        ("carnet.example:4747", True),
        ("dynamodb.eu-west-1.amazonaws.com", False),
        ("iam.AMAZONAWS.com.example", False),
        ("sqs.eu-west-1.localhost.localstack.cloud", False),
    ],
)
def test_the_host_names_no_service_and_no_region_to_the_upstream(behind: Behind, host: str, is_told: bool) -> None:
    """moto takes both from the host, and not from what is signed."""
    behind.allow(EVERYTHING)
    table = behind.client("dynamodb")
    table.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("Host", host))
    behind.aws.answers["DescribeTable"] = Told(body={"Table": {"TableName": "t"}})
    table.describe_table(TableName="t")
    own = behind.aws.url.removeprefix("http://")
    assert behind.aws.requests[-1].headers["host"] == (host if is_told else own)
