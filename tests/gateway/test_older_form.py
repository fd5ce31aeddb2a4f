"""Amazon SQS as its older clients speak to it: by forms and XML, also at the path of the queue."""

from __future__ import annotations

import http.client
import re
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from carnet.gateway.answers import MOST_WHOLE
from carnet.models import Protocol, older_form, present_form
from carnet.protocols.query_shapes import query_structure
from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

VERSION = {"Version": "2012-11-05"}


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str

    @property
    def code(self) -> str:
        found = re.search(r"<Code>(.*?)</Code>", self.text)
        return found[1] if found else ""


def ask(behind: Behind, fields: dict[str, str], path: str = "/", method: str = "POST") -> Answered:
    """A signed form, as boto3 1.26 sends it."""
    form = urlencode({**VERSION, **fields})
    target = path if method == "POST" else f"{path}?{form}"
    body = form if method == "POST" else ""
    request = AWSRequest(method, behind.server.endpoint + target, data=body)
    request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    SigV4Auth(Credentials(*behind.key), "sqs", "us-east-1").add_auth(request)
    connection = http.client.HTTPConnection("127.0.0.1", behind.server.port)
    try:
        connection.request(method, target, body, dict(request.headers))
        answer = connection.getresponse()
        return Answered(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
    finally:
        connection.close()


def sending(behind: Behind, **more: str) -> dict[str, str]:
    return {
        "Action": "SendMessage",
        "QueueUrl": f"http://anywhere/{behind.account}/q",
        "MessageBody": "a <b> & c",
        **more,
    }


def test_a_form_is_sent_on_as_json_and_answered_in_xml(behind: Behind) -> None:
    behind.aws.answers["SendMessage"] = Told(body={"MessageId": "m-1", "MD5OfMessageBody": "d"})
    given = {
        "MessageAttribute.1.Name": "kind",
        "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "x",
    }
    answered = ask(behind, sending(behind, **given))
    assert answered.status == 200
    assert answered.headers["content-type"] == "text/xml"
    assert answered.text.startswith(
        '<SendMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><SendMessageResult>'
        "<MD5OfMessageBody>d</MD5OfMessageBody><MessageId>m-1</MessageId></SendMessageResult><ResponseMetadata>"
    )
    (sent,) = behind.aws.requests
    assert sent.headers["x-amz-target"] == "AmazonSQS.SendMessage"
    assert sent.json["MessageBody"] == "a <b> & c"
    assert sent.json["MessageAttributes"] == {"kind": {"DataType": "String", "StringValue": "x"}}
    assert behind.last_event()["eventName"] == "SendMessage"


def test_messages_are_told_in_xml(behind: Behind) -> None:
    told = {"MessageId": "m", "Body": "<&>", "Attributes": {"SenderId": "s"}}
    more = {"MessageAttributes": {"a": {"DataType": "Binary", "BinaryValue": "AAE="}}}
    behind.aws.answers["ReceiveMessage"] = Told(body={"Messages": [{**told, **more}, told]})
    answered = ask(behind, {**sending(behind), "Action": "ReceiveMessage", "AttributeName.1": "All"})
    assert answered.text.count("<Message>") == 2
    assert "<Body>&lt;&amp;&gt;</Body><Attribute><Name>SenderId</Name><Value>s</Value></Attribute>" in answered.text
    attribute = "<Value><BinaryValue>AAE=</BinaryValue><DataType>Binary</DataType></Value>"
    assert f"<MessageAttribute><Name>a</Name>{attribute}</MessageAttribute>" in answered.text
    assert behind.aws.requests[0].json["AttributeNames"] == ["All"]


def test_long_messages_are_told_in_xml_too(behind: Behind) -> None:
    """Longer than what is streamed to clients of the present protocol."""
    body = "x" * MOST_WHOLE
    behind.aws.answers["ReceiveMessage"] = Told(body={"Messages": [{"MessageId": "m", "Body": body}]})
    answered = ask(behind, {**sending(behind), "Action": "ReceiveMessage"})
    assert answered.headers["content-type"] == "text/xml"
    assert f"<Body>{body}</Body>" in answered.text


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_path_of_a_request_may_be_the_queue(behind: Behind, method: str, end: str) -> None:
    behind.aws.answers["DeleteMessage"] = Told(body={})
    queue = f"arn:aws:sqs:us-east-1:{behind.account}:jobs.fifo"
    behind.allow({"Effect": "Allow", "Action": "sqs:DeleteMessage", "Resource": queue})
    fields = {"Action": "DeleteMessage", "ReceiptHandle": "h"}
    assert ask(behind, fields, f"/{behind.account}/jobs.fifo{end}", method).status == 200
    assert behind.aws.requests[0].json == {
        "QueueUrl": f"{behind.server.endpoint}/{behind.account}/jobs.fifo",
        "ReceiptHandle": "h",
    }
    denied = ask(behind, fields, f"/{behind.account}/other{end}", method)
    assert (denied.status, denied.code) == (403, "AccessDenied")
    assert len(behind.aws.requests) == 1


def test_path_and_parameter_name_one_queue(behind: Behind) -> None:
    """What is decided is what is sent: not by the one, and to the other."""
    behind.aws.answers["SendMessage"] = Told(body={})
    assert ask(behind, sending(behind), f"/{behind.account}/q").status == 200
    for path in (f"/{behind.account}/other", "/111122223333/q"):
        assert ask(behind, sending(behind), path).code == "MalformedInput"
    for path in (f"/{behind.account}/a/b", "/q", f"/{behind.account}/q%2e", f"//{behind.account}/q"):
        assert ask(behind, sending(behind), path).code == "InvalidAction"
    assert behind.aws.operations == ["SendMessage"]


def test_what_is_denied_is_told_in_xml(behind: Behind) -> None:
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"})
    answered = ask(behind, sending(behind))
    assert (answered.status, answered.code) == (403, "AccessDenied")
    assert "is not authorized to perform: sqs:sendmessage on resource:" in answered.text
    assert behind.aws.requests == []


@pytest.mark.parametrize(
    ("told", "code", "status"),
    [
        (Told(status=400, body={"__type": "com.amazonaws.sqs#QueueDoesNotExist"}), "NonExistentQueue", 400),
        (Told(status=400, body={"__type": "a#OverLimit"}), "OverLimit", 403),
        (Told(status=418, body={"__type": "a#Unheard"}, headers={"x-amzn-query-error": "X.Y;Sender"}), "Y", 418),
        (Told(status=500, body=b"no JSON"), "InternalFailure", 500),
        (Told(status=500, body=b"[" * 10_000), "InternalFailure", 500),
    ],
)
def test_an_upstreams_error_has_the_code_that_it_had_before(behind: Behind, told: Told, code: str, status: int) -> None:
    behind.aws.answers["SendMessage"] = told
    answered = ask(behind, sending(behind))
    assert (answered.code.rpartition(".")[2], answered.status) == (code, status)


def test_an_answer_that_is_none_is_no_success(behind: Behind) -> None:
    behind.aws.answers["ReceiveMessage"] = Told(body=b"[1")
    assert ask(behind, {**sending(behind), "Action": "ReceiveMessage"}).status == 503


def test_a_policy_is_kept_here_whatever_protocol_it_comes_in(behind: Behind) -> None:
    behind.aws.answers["GetQueueAttributes"] = Told(body={"Attributes": {"QueueArn": "a"}})
    queue = {"QueueUrl": f"http://anywhere/{behind.account}/kept"}
    policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage",'
        f'"Resource":"arn:aws:sqs:us-east-1:{behind.account}:kept"}}}}'
    )
    put = {"Action": "SetQueueAttributes", "Attribute.1.Name": "Policy", "Attribute.1.Value": policy}
    assert ask(behind, {**queue, **put}).status == 200
    shown = ask(behind, {**queue, "Action": "GetQueueAttributes", "AttributeName.1": "All"}).text
    assert "<Attribute><Name>QueueArn</Name><Value>a</Value></Attribute><Attribute><Name>Policy</Name>" in shown
    assert all("Policy" not in sent.json.get("Attributes", {}) for sent in behind.aws.requests)


def test_newer_clients_are_told_the_code_that_programs_know(behind: Behind) -> None:
    behind.allow({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})
    sqs = behind.client("sqs")
    assert refusal(sqs.list_queues)["Code"] == "AccessDenied"
    missing = refusal(sqs.send_message, QueueUrl="none", MessageBody="m")
    assert missing["Code"] in ("AccessDenied", "AWS.SimpleQueueService.NonExistentQueue")


@pytest.mark.parametrize(
    ("operation", "fields", "members"),
    [
        (
            "CreateQueue",
            {"QueueName": "q", "Attribute.1.Name": "a", "Attribute.1.Value": "b", "Tag.1.Key": "x", "Tag.1.Value": "y"},
            {"QueueName": "q", "Attributes": {"a": "b"}, "tags": {"x": "y"}},
        ),
        (
            "SendMessageBatch",
            {"SendMessageBatchRequestEntry.1.Id": "1", "SendMessageBatchRequestEntry.1.MessageBody": "x"},
            {"Entries": [{"Id": "1", "MessageBody": "x"}]},
        ),
        (
            "AddPermission",
            {"Label": "l", "AWSAccountId.1": "1", "ActionName.1": "*"},
            {"Label": "l", "AWSAccountIds": ["1"], "Actions": ["*"]},
        ),
        ("ReceiveMessage", {"MessageAttributeName.1": "a"}, {"MessageAttributeNames": ["a"]}),
        ("ReceiveMessage", {"AttributeName.1": "SentTimestamp"}, {"AttributeNames": ["SentTimestamp"]}),
        ("UntagQueue", {"TagKey.1": "a"}, {"TagKeys": ["a"]}),
    ],
)
def test_parameters_are_called_as_boto3_called_them(
    operation: str, fields: dict[str, str], members: dict[str, object]
) -> None:
    shape = older_form("sqs").operations[operation].input
    assert shape is not None
    assert query_structure(shape)(fields) == members


def test_both_forms_are_of_one_service() -> None:
    older = older_form("sqs")
    assert older.protocol is Protocol.QUERY
    present = {present_form(operation) for operation in older.operations.values()}
    assert {operation.service.protocol for operation in present} == {Protocol.JSON}
    assert present == set(present_form(next(iter(older.operations.values()))).service.operations.values())


def test_attributes_of_messages_are_asked_for_by_either_member(behind: Behind) -> None:
    sqs = behind.client("sqs")
    queue = f"{behind.server.endpoint}/{behind.account}/q"
    asked = {"QueueUrl": queue, "AttributeNames": ["ApproximateReceiveCount", "SentTimestamp"]}
    sqs.receive_message(**asked)
    sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["SenderId"])
    unknown = refusal(sqs.receive_message, QueueUrl=queue, AttributeNames=["SenderId", "Policy"])
    assert (unknown["Code"], unknown["Message"]) == ("InvalidAttributeName", "Unknown Attribute Policy.")
    assert behind.aws.operations[-2:] == ["ReceiveMessage", "ReceiveMessage"]


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("create_queue", {"QueueName": "q", "Attributes": {"Foo": "1"}}),
        ("set_queue_attributes", {"QueueUrl": "q", "Attributes": {"DelaySeconds": "1", "Foo": "1"}}),
        ("get_queue_attributes", {"QueueUrl": "q", "AttributeNames": ["All", "Foo", "Bar"]}),
        ("receive_message", {"QueueUrl": "q", "MessageSystemAttributeNames": ["Foo"]}),
    ],
)
def test_an_unknown_attribute_is_told_by_its_name(behind: Behind, operation: str, given: dict[str, object]) -> None:
    unknown = refusal(getattr(behind.client("sqs"), operation), **given)
    told = (unknown["Code"], unknown["Message"], unknown["status"])
    assert told == ("InvalidAttributeName", "Unknown Attribute Foo.", 400)
    assert behind.aws.operations == []


def test_other_faults_of_a_request_to_sqs_are_listed(behind: Behind) -> None:
    wrong = {"Key": {"DataType": "String", "StringValue": "v"}}
    told = refusal(behind.client("sqs").send_message, QueueUrl="q", MessageBody="m", MessageSystemAttributes=wrong)[
        "Message"
    ]
    assert told.startswith("1 validation error detected: Value '{Key=")


def test_an_unknown_attribute_is_told_by_its_name_in_the_query_protocol(behind: Behind) -> None:
    answered = ask(behind, {"Action": "GetQueueAttributes", "QueueUrl": "q", "AttributeName.1": "Foo"})
    assert (answered.status, answered.code) == (400, "InvalidAttributeName")
