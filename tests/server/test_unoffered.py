"""Services that are not offered: authenticated, decided as far as certain, refused in their own protocol, audited."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.audit.decisions import DecisionLog
from carnet.audit.explanations import explanation
from carnet.audit.reading import backwards
from carnet.audit.segments import Segments
from carnet.base.faults import Unavailable
from carnet.models import load
from carnet.protocols.api_routing import Asked
from tests.attacks.wire import Answer, Holder, as_bytes, audit, send, signed_request
from tests.server.in_process import InProcessServer, in_process_server

STATEMENTS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": ["dynamodb:Get*", "dynamodb:Query", "ec2:Describe*", "kms:*"], "Resource": "*"},
    {
        "Effect": "Allow",
        "Action": ["cloudfront:ListDistributions", "sqs:ListQueues", "lambda:ListFunctions"],
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Action": ["servicecatalog:ListPortfolios", "iam:CreateOpenIDConnectProvider"],
        "Resource": "*",
    },
    {"Effect": "Allow", "Action": "sns:Publish", "Resource": "arn:aws:sns:eu-west-1:*:mine"},
    {
        "Effect": "Allow",
        "Action": "dynamodb:PutItem",
        "Resource": "*",
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "a"}},
    },
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("unoffered")) as running:
        yield running


@pytest.fixture(scope="module")
def alice(server: InProcessServer) -> Holder:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    document = json.dumps({"Version": "2012-10-17", "Statement": STATEMENTS})
    iam.put_user_policy(UserName="alice", PolicyName="some", PolicyDocument=document)
    return Holder.of(iam.create_access_key(UserName="alice")["AccessKey"])


def refused(client: Any, operation: str, **given: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**given)
    told, status = caught.value.response["Error"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    return str(told["Code"]), str(told["Message"]), int(status)


def account_of(server: InProcessServer) -> str:
    return str(server.client("sts").get_caller_identity()["Account"])


ALLOWED = [
    ("dynamodb", "get_item", {"TableName": "t", "Key": {"a": {"S": "b"}}}, "DryRunOperationException", 400),
    ("ec2", "describe_vpcs", {}, "DryRunOperation", 412),
    ("sqs", "list_queues", {}, "DryRunOperationException", 400),
    ("lambda", "list_functions", {}, "DryRunOperationException", 400),
    ("cloudfront", "list_distributions", {}, "DryRunOperation", 412),
    ("servicecatalog", "list_portfolios", {}, "DryRunOperationException", 400),
]
DENIED = [
    (
        "dynamodb",
        "delete_table",
        {"TableName": "mine"},
        "AccessDeniedException",
        400,
        "dynamodb:DeleteTable",
        "table/mine",
    ),
    ("ec2", "delete_vpc", {"VpcId": "vpc-1"}, "UnauthorizedOperation", 403, "ec2:DeleteVpc", "vpc/vpc-1"),
    ("sqs", "create_queue", {"QueueName": "q"}, "AccessDeniedException", 400, "sqs:CreateQueue", ":q"),
    ("eks", "delete_cluster", {"name": "c"}, "NotImplementedException", 400, "", ""),
    ("eks", "list_nodegroups", {"clusterName": "c"}, "AccessDeniedException", 403, "eks:ListNodegroups", "cluster/c"),
    (
        "elasticbeanstalk",
        "check_dns_availability",
        {"CNAMEPrefix": "name"},
        "AccessDenied",
        403,
        "elasticbeanstalk:CheckDNSAvailability",
        "*",
    ),
    ("route53", "list_hosted_zones", {}, "AccessDenied", 403, "route53:ListHostedZones", "*"),
    (
        "servicecatalog",
        "list_service_actions",
        {},
        "AccessDeniedException",
        400,
        "servicecatalog:ListServiceActions",
        "*",
    ),
]


WAY_ON = " The gateway does, in front of a server that has it: carnet serve --upstream (docs/gateway.md)."
ENCODED = " Encoded authorization failure message: "


@pytest.mark.parametrize(("service", "operation", "given", "code", "status"), ALLOWED)
def test_what_is_allowed(
    server: InProcessServer, alice: Holder, service: str, operation: str, given: dict[str, Any], code: str, status: int
) -> None:
    client = server.client(service, alice.key_id, alice.secret)
    told = refused(client, operation, **given)
    assert (told[0], told[2]) == (code, status)
    assert told[1].startswith("Allowed, not offered here: the policies allow ")
    event = audit(server)[-1]
    assert (event["errorCode"], event["recipientAccountId"]) == (code, account_of(server))
    assert event["eventName"].lower() == operation.replace("_", "")
    (decision,) = event["additionalEventData"]["decisions"]
    assert decision["verdict"] == "allowed"


@pytest.mark.parametrize(("service", "operation", "given", "code", "status", "action", "resource"), DENIED)
def test_what_is_denied(
    server: InProcessServer,
    alice: Holder,
    service: str,
    operation: str,
    given: dict[str, Any],
    code: str,
    status: int,
    action: str,
    resource: str,
) -> None:
    client = server.client(service, alice.key_id, alice.secret)
    told = refused(client, operation, **given)
    assert (told[0], told[2]) == (code, status)
    event = audit(server)[-1]
    source = client.meta.service_model.signing_name
    assert (event["eventSource"], event["eventName"]) == (
        f"{source}.amazonaws.com",
        client.meta.method_to_api_mapping[operation],
    )
    assert event["userIdentity"]["userName"] == "alice"
    if not action:
        return
    assert f"user/alice is not authorized to perform: {action} on resource: " in told[1]
    sentence = told[1].partition(ENCODED)[0]
    assert sentence.endswith(f"{resource} because no identity-based policy allows the {action} action")
    (decision,) = event["additionalEventData"]["decisions"]
    assert (decision["action"], decision["verdict"]) == (action, "implicitDeny")
    assert decision["resource"].endswith(resource)
    log = Segments(server.installation.settings.decisions_file)
    explained = explanation(map(backwards, log.newest_first()), event["requestID"])
    assert explained is not None
    assert explained.verdicts == ("implicitDeny",)


def test_a_denial_of_ec2_carries_a_message_that_is_decoded_for_whom_may_read_it(
    server: InProcessServer, alice: Holder
) -> None:
    ec2 = server.client("ec2", alice.key_id, alice.secret)
    message = refused(ec2, "delete_vpc", VpcId="vpc-1")[1]
    begin = "You are not authorized to perform this operation. User: "
    sentence, _, encoded = message.partition(ENCODED)
    assert sentence.startswith(begin)
    own = server.client("sts", alice.key_id, alice.secret)
    assert refused(own, "decode_authorization_message", EncodedMessage=encoded)[0] == "AccessDenied"
    decoded = server.client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
    told = json.loads(decoded)
    assert told["explicitDeny"] is False
    assert told["context"]["action"] == "ec2:DeleteVpc"
    assert told["context"]["principal"]["name"] == "alice"
    wrong = refused(server.client("sts"), "decode_authorization_message", EncodedMessage="x")
    assert wrong == ("InvalidAuthorizationMessageException", "Message is not valid", 400)


def test_a_denial_of_what_only_reads_carries_none(server: InProcessServer, alice: Holder) -> None:
    nobody = server.client("iam").create_user(UserName="nobody")["User"]["UserName"]
    key = server.client("iam").create_access_key(UserName=nobody)["AccessKey"]
    ec2 = server.client("ec2", key["AccessKeyId"], key["SecretAccessKey"])
    assert refused(ec2, "describe_vpcs")[1].endswith("allows the ec2:DescribeVpcs action")


@pytest.mark.parametrize(
    ("service", "operation", "given", "why"),
    [
        ("s3", "list_buckets", {}, "no action has the name of the operation ListBuckets"),
        ("s3", "put_object", {"Bucket": "b", "Key": "k", "Body": b"x"}, "does not tell which resource s3:PutObject is"),
        (
            "s3",
            "upload_part",
            {"Bucket": "b", "Key": "k", "PartNumber": 1, "UploadId": "u"},
            "the operation UploadPart",
        ),
        ("lambda", "get_function", {"FunctionName": "f"}, "does not tell which resource lambda:GetFunction"),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "does not tell which resource secretsmanager:GetS"),
        ("ec2", "run_instances", {"MinCount": 1, "MaxCount": 1}, "does not tell which resource ec2:RunInstances"),
        (
            "dynamodb",
            "put_item",
            {"TableName": "t", "Item": {}},
            "policies have conditions on what dynamodb:PutItem brings",
        ),
        ("dynamodb", "query", {"TableName": "t", "IndexName": "index"}, "does not tell which resource dynamodb:Query"),
        (
            "dynamodb",
            "get_item",
            {"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/t", "Key": {}},
            "account 0000",
        ),
        ("kms", "describe_key", {"KeyId": "1234"}, "the resource's own policy decides on kms:DescribeKey first"),
        ("kms", "describe_key", {"KeyId": "alias/mine"}, "does not tell which resource kms:DescribeKey"),
        ("ecr", "describe_images", {"repositoryName": "team/app"}, "does not tell which resource ecr:DescribeImages"),
    ],
)
def test_what_is_not_certain_is_not_decided(
    server: InProcessServer, alice: Holder, service: str, operation: str, given: dict[str, Any], why: str
) -> None:
    code, message, status = refused(server.client(service, alice.key_id, alice.secret), operation, **given)
    spelled = "UnsupportedOperation" if service == "ec2" else "NotImplemented"
    assert (code.removesuffix("Exception"), status) == (spelled, 400)
    assert message.startswith(f"Not offered here, not decided: Carnet does not offer {service}, and ")
    assert why in message
    assert message.endswith(WAY_ON)
    assert audit(server)[-1]["additionalEventData"]["decisions"] == []


def test_the_gateway_is_named_for_what_it_has_a_mapping_of(server: InProcessServer) -> None:
    assert refused(server.client("dynamodb"), "list_tables")[1].endswith(f"Carnet does not offer dynamodb.{WAY_ON}")
    assert refused(server.client("cloudformation"), "list_stacks")[1].endswith("Carnet does not offer cloudformation.")
    told = refused(server.client("cloudformation"), "create_stack", StackName="s", TemplateBody="{}")[1]
    assert told.endswith("cloudformation:CreateStack is decided on.")


def test_an_arn_in_the_request_is_the_resource(server: InProcessServer, alice: Holder) -> None:
    sns = server.client("sns", alice.key_id, alice.secret)
    mine, other = (f"arn:aws:sns:eu-west-1:{account_of(server)}:{name}" for name in ("mine", "other"))
    assert refused(sns, "publish", TopicArn=mine, Message="m")[0] == "DryRunOperation"
    assert refused(sns, "publish", TopicArn=other, Message="m")[0] == "AccessDenied"
    assert refused(sns, "publish", TopicArn=f"{mine}:more", Message="m")[0] == "NotImplemented"
    assert refused(sns, "publish", PhoneNumber="1", Message="m")[0] == "NotImplemented"


def test_root_is_allowed_all_that_is_decided(server: InProcessServer) -> None:
    assert refused(server.client("dynamodb"), "delete_table", TableName="mine")[0] == "DryRunOperationException"


@pytest.mark.parametrize("service", ["dynamodb", "lambda", "ec2", "s3", "sns", "cloudfront", "servicecatalog"])
def test_the_caller_is_authenticated_first(server: InProcessServer, alice: Holder, service: str) -> None:
    operation = {
        "dynamodb": "list_tables",
        "lambda": "list_functions",
        "ec2": "describe_vpcs",
        "s3": "list_buckets",
        "sns": "list_topics",
        "cloudfront": "list_distributions",
        "servicecatalog": "list_portfolios",
    }[service]
    codes = {"ec2": ("AuthFailure", "AuthFailure"), "s3": ("SignatureDoesNotMatch", "InvalidAccessKeyId")}
    json_codes = ("InvalidSignatureException", "UnrecognizedClientException")
    query_codes = ("SignatureDoesNotMatch", "InvalidClientTokenId")
    usual = query_codes if service in ("sns", "cloudfront") else json_codes
    wrong, unknown = codes.get(service, usual)
    assert refused(server.client(service, alice.key_id, "0" * 40), operation)[0] == wrong
    assert audit(server)[-1]["userIdentity"] == {"type": "Unknown", "accessKeyId": alice.key_id}
    assert audit(server)[-1]["eventName"] is None
    assert refused(server.client(service, "AKIAQNZGKIQY56JQ7WML", alice.secret), operation)[0] == unknown


def test_of_amazon_s3_a_caller_is_told_that_it_is_the_session_token(server: InProcessServer, alice: Holder) -> None:
    session = server.client("sts").get_session_token()["Credentials"]
    other = server.client("sts").get_session_token()["Credentials"]

    def told(key_id: str, secret: str, token: str | None) -> tuple[str, str]:
        client = server.client("s3", key_id, secret, token)
        code, message = refused(client, "list_buckets")[:2]
        return code, message

    key_id, secret = session["AccessKeyId"], session["SecretAccessKey"]
    invalid = ("InvalidToken", "The provided token is malformed or otherwise invalid.")
    assert told(key_id, secret, other["SessionToken"]) == invalid
    assert told(key_id, secret, "no token") == invalid
    unknown = ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    assert told(key_id, secret, None) == unknown
    assert audit(server)[-1]["errorCode"] == "InvalidAccessKeyId"


def test_nothing_is_read_for_a_stranger(
    server: InProcessServer, alice: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []

    def noted(*given: object) -> Asked:
        read.append(given)
        return Asked()

    monkeypatch.setattr("carnet.server.unoffered.asked", noted)
    assert refused(server.client("sns", alice.key_id, "0" * 40), "list_topics")[0] == "SignatureDoesNotMatch"
    assert read == []
    assert refused(server.client("sns", alice.key_id, alice.secret), "list_topics")[0] == "NotImplemented"
    assert len(read) == 1


def test_a_refused_signature_is_in_the_log(server: InProcessServer, alice: Holder) -> None:
    refused(server.client("dynamodb", alice.key_id, "0" * 40), "list_tables")
    lines = server.installation.settings.decisions_file.read_text().splitlines()
    line = json.loads(lines[-1])
    assert line["decision"] == audit(server)[-1]["requestID"]
    assert "x-amz-target:DynamoDB_20120810.ListTables" in line["refusedSignature"]["canonicalRequest"]


def raw(server: InProcessServer, alice: Holder, body: bytes, headers: dict[str, str], service: str) -> Answer:
    return send(server, as_bytes(signed_request(server, alice, body, service=service, headers=headers)))


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("DynamoDB_20120810.NoSuchThing", b"{}"),
        ("DynamoDB_20120810", b"{}"),
        ("NoSuchService.GetItem", b"{}"),
        ("DynamoDB_20120810.GetItem", b"[]"),
        ("DynamoDB_20120810.GetItem", b"{"),
        ("DynamoDB_20120810.GetItem", b'{"TableName": 1}'),
        ("DynamoDB_20120810.GetItem", b'{"TableName": "a", "TableName": "b"}'),
        ("DynamoDB_20120810.GetItem", b"\xff"),
        ("DynamoDB_20120810.GetItem", b'{"TableName": "*"}'),
        ("DynamoDB_20120810.GetItem", b"[" * 10_000),
    ],
)
def test_what_cannot_be_read_is_not_decided(server: InProcessServer, alice: Holder, target: str, body: bytes) -> None:
    answer = raw(server, alice, body, {"X-Amz-Target": target}, "dynamodb")
    assert (answer.status, json.loads(answer.body)["__type"]) == (400, "NotImplementedException")


def test_a_signature_for_a_service_that_is_not_here_opens_none_that_is(server: InProcessServer, alice: Holder) -> None:
    body = b"Action=ListUsers&Version=2010-05-08"
    answer = raw(server, alice, body, {"Content-Type": "application/x-www-form-urlencoded"}, "sqs")
    assert (answer.code, answer.message) == (
        "SignatureDoesNotMatch",
        "Credential should be scoped to correct service: 'iam'.",
    )
    unknown = raw(server, alice, b"{}", {"X-Amz-Target": "X.Y"}, "no-such-service")
    assert json.loads(unknown.body)["message"] == "Credential should be scoped to a valid service."


def test_no_model_is_loaded(server: InProcessServer, alice: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_read_model", pytest.fail)
    headers = {"X-Amz-Target": "Kinesis_20131202.ListStreams"}
    assert json.loads(raw(server, alice, b"{}", headers, "kinesis").body)["__type"] == "AccessDeniedException"


def test_operations_that_nobody_signs_say_that_they_are_not_offered(server: InProcessServer) -> None:
    make: Any = boto3.client
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})

    def client(service: str) -> Any:
        return make(service, endpoint_url=server.endpoint, region_name="us-east-1", config=config)

    told = refused(client("cognito-identity"), "get_id", IdentityPoolId="us-east-1:1")
    assert told == ("NotImplementedException", "Carnet does not offer cognito-identity:GetId.", 400)
    event = audit(server)[-1]
    assert (event["eventSource"], event["eventName"]) == ("cognito-identity.amazonaws.com", "GetId")
    assert (
        refused(client("cognito-identity"), "list_identity_pools", MaxResults=1)[0]
        == "MissingAuthenticationTokenException"
    )
    assert refused(client("iam"), "list_users")[0] == "MissingAuthenticationToken"


def test_operations_still_to_be_written_are_decided_too(server: InProcessServer, alice: Holder) -> None:
    tagging = server.client("resourcegroupstaggingapi", alice.key_id, alice.secret)
    told = refused(tagging, "get_compliance_summary")
    assert told[0] == "AccessDeniedException"
    assert "is not authorized to perform: tag:GetComplianceSummary on resource: *" in told[1]
    root = server.client("resourcegroupstaggingapi")
    assert refused(root, "get_compliance_summary")[0] == "DryRunOperationException"
    account = {"AccountId": "111122223333"}
    assert (
        refused(server.client("account"), "get_primary_email_update_status", **account)[0] == "NotImplementedException"
    )


@pytest.mark.parametrize("method", ["write", "record_refused_signature"])
def test_a_log_that_cannot_be_written_is_told(
    server: InProcessServer, alice: Holder, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The audit log cannot be written.")

    monkeypatch.setattr(DecisionLog, method, full)
    secret = alice.secret if method == "write" else "0" * 40
    told = refused(server.client("sns", alice.key_id, secret), "list_topics")
    assert (told[0], told[2]) == ("ServiceUnavailable", 503)


def test_what_nobody_foresaw_is_an_error_of_its_protocol(
    server: InProcessServer, alice: Holder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("carnet.server.unoffered.decide", broken)
    with caplog.at_level(logging.ERROR, logger="carnet"):
        told = refused(server.client("sns", alice.key_id, alice.secret), "list_topics")
    assert told == ("InternalFailure", "An internal error occurred.", 500)
    assert "hunter2" in caplog.text


def test_the_use_of_a_key_is_noted(server: InProcessServer, alice: Holder) -> None:
    refused(server.client("dynamodb", alice.key_id, alice.secret), "list_tables")
    assert (
        server.client("iam").get_access_key_last_used(AccessKeyId=alice.key_id)["AccessKeyLastUsed"]["ServiceName"]
        == "dynamodb"
    )
