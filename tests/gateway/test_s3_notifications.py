"""Where the events of a bucket go: AWS refuses a destination that does not let Amazon S3 in for the bucket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store, refusal

EVENTS = ["s3:ObjectCreated:*"]
PUT = f"PUT /{BUCKET}?notification"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3"), "ministack") as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    return shared


def arn(store: Store, service: str, name: str) -> str:
    return f"arn:aws:{service}:us-east-1:{store.account}:{name}"


def put(store: Store, **given: Any) -> None:
    skip = given.pop("skip", None)
    more = {} if skip is None else {"SkipDestinationValidation": skip}
    store.client().put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration=given, **more)


def to_queue(store: Store) -> list[dict[str, Any]]:
    return [{"QueueArn": arn(store, "sqs", "q"), "Events": EVENTS}]


def let_in(store: Store, condition: dict[str, dict[str, str]], service: str = "s3.amazonaws.com") -> None:
    """The queue's policy lets a service in, on a condition."""
    queue = arn(store, "sqs", "q")
    store.s3.answers["POST /"] = Told(body=json.dumps({"Attributes": {"QueueArn": queue}}).encode())
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": {**statement, "Condition": condition}})
    sqs = store.server.client("sqs", *store.key)
    sqs.set_queue_attributes(QueueUrl=f"http://x/{store.account}/q", Attributes={"Policy": policy})


def told(store: Store) -> dict[str, str]:
    """The only delivery that the newest event tells."""
    (only,) = store.events()[-1]["additionalEventData"]["deliveries"]
    return dict(only)


def test_a_queue_has_to_let_amazon_s3_in_for_the_bucket(store: Store) -> None:
    bucket, account = f"arn:aws:s3:::{BUCKET}", store.account
    for condition in (
        {"ArnEquals": {"aws:SourceArn": bucket}},
        {"StringEquals": {"aws:SourceAccount": account}},
    ):
        let_in(store, condition)
        put(store, QueueConfigurations=to_queue(store))
        assert store.s3.asked[-1] == PUT
        assert (told(store)["action"], told(store)["verdict"]) == ("sqs:SendMessage", "allowed")
    store.s3.requests.clear()
    for service, condition in (
        ("s3.amazonaws.com", {"ArnEquals": {"aws:SourceArn": f"{bucket}2"}}),
        ("s3.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        ("sns.amazonaws.com", {"StringEquals": {"aws:SourceAccount": account}}),
    ):
        let_in(store, condition, service)
        error = refusal(lambda: put(store, QueueConfigurations=to_queue(store)))
        assert (error["Code"], error["status"]) == ("InvalidArgument", 400)
        assert error["Message"] == "Unable to validate the following destination configurations"
        assert error["ArgumentName"] == arn(store, "sqs", "q")
        assert error["ArgumentValue"] == (
            "Permissions on the destination queue do not allow S3 to publish notifications from this bucket"
        )
        assert told(store)["verdict"] == "implicitDeny"
    assert PUT not in store.s3.asked


def test_a_topic_and_a_function_have_to_as_well(store: Store) -> None:
    topic, function = arn(store, "sns", "t"), arn(store, "lambda", "function:f")
    error = refusal(lambda: put(store, TopicConfigurations=[{"TopicArn": topic, "Events": EVENTS}]))
    assert "destination topic do not allow S3" in error["ArgumentValue"]
    function_given = [{"LambdaFunctionArn": function, "Events": EVENTS}]
    error = refusal(lambda: put(store, LambdaFunctionConfigurations=function_given))
    assert error["ArgumentValue"] == f"Not authorized to invoke function [{function}]"
    assert store.s3.requests == []


def test_one_that_refuses_among_others_is_enough(store: Store) -> None:
    let_in(store, {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}})
    store.s3.requests.clear()
    topic = [{"TopicArn": arn(store, "sns", "t"), "Events": EVENTS}]
    assert refusal(lambda: put(store, QueueConfigurations=to_queue(store), TopicConfigurations=topic))["status"] == 400
    assert PUT not in store.s3.asked


def test_what_is_asked_to_be_skipped_is_told(store: Store) -> None:
    topic = [{"TopicArn": arn(store, "sns", "t"), "Events": EVENTS}]
    put(store, TopicConfigurations=topic, skip=True)
    assert store.s3.asked == [PUT]
    assert told(store)["verdict"] == "implicitDeny"
    assert refusal(lambda: put(store, TopicConfigurations=topic, skip=False))["Code"] == "InvalidArgument"


def test_what_names_no_destination(store: Store) -> None:
    put(store)
    put(store, EventBridgeConfiguration={})
    assert store.s3.asked == [PUT] * 2
    for given in ("no ARN", arn(store, "sns", "t"), arn(store, "dynamodb", "table/t")):
        error = refusal(lambda given=given: put(store, QueueConfigurations=[{"QueueArn": given, "Events": EVENTS}]))
        assert error["ArgumentValue"] == "The ARN is not that of a destination queue"
    assert store.s3.asked == [PUT] * 2


def test_a_bucket_has_100_destinations(store: Store) -> None:
    let_in(store, {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}})
    put(store, QueueConfigurations=to_queue(store) * 100)
    error = refusal(lambda: put(store, QueueConfigurations=to_queue(store) * 101))
    assert "at most 100" in error["Message"]


def test_who_may_not_set_it_is_told_nothing_of_destinations(store: Store) -> None:
    store.allow({"Effect": "Deny", "Action": "s3:PutBucketNotification", "Resource": "*"})
    assert refusal(lambda: put(store, QueueConfigurations=to_queue(store)))["Code"] == "AccessDenied"
    assert "deliveries" not in store.events()[-1]["additionalEventData"]


# Keys of destinations

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


def sealed(store: Store, key: str, *actions: str, **condition: dict[str, str]) -> str:
    """The queue is encrypted by a key, whose policy lets Amazon S3 do that; the ARN of the key."""
    let_in(store, {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}})
    key_arn = f"arn:aws:kms:us-east-1:{store.account}:key/{KEY_ID}"
    metadata = {"KeyMetadata": {"Arn": key_arn, "KeyId": KEY_ID}}
    store.s3.answers["POST /"] = Told(body=json.dumps(metadata).encode())
    root = {"Effect": "Allow", "Principal": {"AWS": store.account}, "Action": "kms:*", "Resource": "*"}
    service = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": [*actions], "Resource": "*"}
    statements = [root, {**service, "Condition": condition}] if actions else [root]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    store.server.client("kms", *store.key).put_key_policy(KeyId=KEY_ID, PolicyName="default", Policy=policy)
    store.s3.answers["POST /"] = Told(body=json.dumps({"Attributes": {"KmsMasterKeyId": key}, **metadata}).encode())
    store.s3.requests.clear()
    return key_arn


def verdicts(store: Store) -> list[tuple[str, str]]:
    return [(one["action"], one["verdict"]) for one in store.events()[-1]["additionalEventData"]["deliveries"]]


@pytest.mark.parametrize("named", [KEY_ID, "arn:aws:kms:us-east-1:{}:key/" + KEY_ID, "alias/mine"])
def test_the_key_of_a_queue_has_to_let_amazon_s3_in(store: Store, named: str) -> None:
    key = named.format(store.account)
    of_bucket = {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{BUCKET}"}}
    sealed(store, key, "kms:GenerateDataKey", "kms:Decrypt", **of_bucket)
    put(store, QueueConfigurations=to_queue(store))
    assert store.s3.asked[-1] == PUT
    uses = [("kms:GenerateDataKey", "allowed"), ("kms:Decrypt", "allowed")]
    assert verdicts(store) == [("sqs:SendMessage", "allowed"), *uses]
    of_another = {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::another"}}
    for actions, condition in ((("kms:GenerateDataKey",), {}), (("kms:*",), of_another), ((), {})):
        sealed(store, key, *actions, **condition)
        error = refusal(lambda: put(store, QueueConfigurations=to_queue(store)))
        assert (error["Code"], error["status"]) == ("InvalidArgument", 400)
        assert "destination queue do not allow S3" in error["ArgumentValue"]
        assert verdicts(store)[-1][1] == "implicitDeny"
        assert PUT not in store.s3.asked
    put(store, QueueConfigurations=to_queue(store), skip=True)
    assert store.s3.asked[-1] == PUT


def test_the_key_that_aws_has_made_lets_no_other_service_in(store: Store) -> None:
    sealed(store, "alias/aws/sqs", "kms:*")
    assert refusal(lambda: put(store, QueueConfigurations=to_queue(store)))["Code"] == "InvalidArgument"
    assert PUT not in store.s3.asked


def test_a_queue_that_does_not_tell_its_key_gets_no_events(store: Store) -> None:
    sealed(store, KEY_ID, "kms:*")
    store.s3.answers["POST /"] = Told(status=500)
    assert refusal(lambda: put(store, QueueConfigurations=to_queue(store)))["status"] == 503
    sealed(store, "no key", "kms:*")
    assert refusal(lambda: put(store, QueueConfigurations=to_queue(store)))["status"] == 503
    assert PUT not in store.s3.asked
