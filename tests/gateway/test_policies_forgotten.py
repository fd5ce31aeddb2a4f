"""A policy goes with its resource, also if the server died behind the deletion, and each change is in the log once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from carnet.directory.snapshot import Snapshot
from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.gateway.policies.policy_change import PoliciesForgotten, policies_under
from carnet.gateway.policies.policy_operations import MADE_AGAIN
from tests.gateway.behind import Behind, refusal
from tests.gateway.fake_aws import Told

ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})
GONE = Told(status=400, body={"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"})


def arn(behind: Behind, name: str) -> str:
    return f"arn:aws:sqs:us-east-1:{behind.account}:{name}"


def snapshot(behind: Behind) -> Snapshot:
    return behind.server.installation.directory.snapshot


def policies(behind: Behind, name: str) -> tuple[ResourceBasedPolicy, ...]:
    return policies_under(snapshot(behind), arn(behind, name), behind.account)


def with_policy(behind: Behind, name: str) -> Any:
    """The client, and a queue that has a policy."""
    behind.aws.answers["CreateQueue"] = Told(body={"QueueUrl": "u"}, headers={"x-amzn-requestid": "theirs"})
    sqs = behind.client("sqs")
    sqs.create_queue(QueueName=name, Attributes={"Policy": POLICY})
    assert policies(behind, name)
    return sqs


def test_a_policy_that_came_with_its_resource_is_in_the_log_once(behind: Behind) -> None:
    with_policy(behind, "once")
    event = behind.last_event()
    assert (event["eventName"], event["additionalEventData"]["upstreamRequestId"]) == ("CreateQueue", "theirs")
    behind.client("sqs").delete_queue(QueueUrl=f"http://x/{behind.account}/once")
    assert policies(behind, "once") == ()
    assert behind.last_event()["eventName"] == "DeleteQueue"
    assert set(Counter(event["eventID"] for event in behind.events()).values()) == {1}


def test_what_is_gone_already_leaves_no_policy(behind: Behind) -> None:
    """Who deletes it again, behind a crash, is told so by the upstream."""
    sqs = with_policy(behind, "gone")
    behind.aws.answers["DeleteQueue"] = GONE
    assert refusal(sqs.delete_queue, QueueUrl=f"http://x/{behind.account}/gone")["status"] == 400
    assert policies(behind, "gone") == ()


@pytest.mark.parametrize("status", [400, 503])
def test_what_could_not_be_deleted_keeps_its_policy(behind: Behind, status: int) -> None:
    sqs = with_policy(behind, "stays")
    behind.aws.answers["DeleteQueue"] = Told(status=status, body={"__type": "InvalidAddress", "message": "no"})
    refusal(sqs.delete_queue, QueueUrl=f"http://x/{behind.account}/stays")
    assert policies(behind, "stays")
    behind.aws.answers.pop("DeleteQueue")
    sqs.delete_queue(QueueUrl=f"http://x/{behind.account}/stays")


def test_what_could_not_be_made_leaves_the_policy_of_an_older_one(behind: Behind) -> None:
    """A table that is not found is not the one to be made."""
    table = f"arn:aws:dynamodb:us-east-1:{behind.account}:table/made"
    behind.aws.answers["DescribeTable"] = Told(body={"Table": {"TableArn": table}})
    tables = behind.client("dynamodb")
    tables.put_resource_policy(ResourceArn=table, Policy=POLICY)
    behind.aws.answers["CreateTable"] = Told(status=400, body={"__type": "ResourceNotFoundException", "message": "no"})
    given: dict[str, Any] = {
        "TableName": "made",
        "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    refusal(tables.create_table, **given)
    assert policies_under(snapshot(behind), table, behind.account)
    behind.aws.answers["CreateTable"] = Told(body={"TableDescription": {"TableArn": table}})
    tables.create_table(**given)
    assert policies_under(snapshot(behind), table, behind.account) == ()


def test_what_is_made_again_behind_a_crash_has_no_older_policy(behind: Behind) -> None:
    """The upstream has deleted the queue, and nobody could forget its policy."""
    sqs = with_policy(behind, "again")
    behind.aws.answers["GetQueueAttributes"] = GONE
    sqs.create_queue(QueueName="again")
    assert policies(behind, "again") == ()
    assert behind.aws.operations == ["CreateQueue", "GetQueueAttributes", "CreateQueue"]
    assert "ForgetPolicies" in [event["eventName"] for event in behind.events()]


def test_a_resource_that_is_there_keeps_its_policy(behind: Behind) -> None:
    """CreateQueue answers alike if there is one."""
    sqs = with_policy(behind, "kept")
    sqs.create_queue(QueueName="kept")
    assert policies(behind, "kept")
    behind.aws.answers["GetQueueAttributes"] = Told(status=500, body={"__type": "InternalError"})
    assert refusal(sqs.create_queue, QueueName="kept")["status"] == 503
    assert behind.aws.operations == ["CreateQueue", "GetQueueAttributes", "CreateQueue", "GetQueueAttributes"]
    assert policies(behind, "kept")


def test_a_policy_that_was_put_meanwhile_is_another_ones(behind: Behind) -> None:
    """A queue was made again, with a policy, before the one who deleted the older one could forget its policy."""
    with_policy(behind, "raced")
    older = policies(behind, "raced")
    behind.client("sqs").set_queue_attributes(
        QueueUrl=f"http://x/{behind.account}/raced",
        Attributes={"Policy": POLICY.replace('"Action": "*"', '"Action": "sqs:*"')},
    )
    change = PoliciesForgotten(
        arn=arn(behind, "raced"), account=behind.account, known=older, event={"eventName": "x"}, decided=()
    )

    class Unit:
        def remove(self, entity: object) -> None:
            pytest.fail("it is of the newer queue")

    change.make(Unit(), snapshot(behind))  # type: ignore[arg-type]  # what is not called is not there


def test_each_of_them_tells_whether_it_is_there() -> None:
    assert {kind.describe for kind in MADE_AGAIN.values()} == {"GetTopicAttributes", "GetQueueAttributes"}
