"""Code of functions that stands in a bucket is read in the name of whoever makes a function of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("update_function_code", {"FunctionName": "f", "S3Bucket": "code", "S3Key": "a/f.zip"}),
    ("publish_layer_version", {"LayerName": "l", "Content": {"S3Bucket": "code", "S3Key": "a/f.zip"}}),
]
EACH = pytest.mark.parametrize(("call", "given"), CALLS)


@pytest.fixture(scope="module")
def made(shared: Behind) -> Behind:
    shared.renew().aws.answers["/code"] = Told(body=b"")
    shared.client("s3").create_bucket(Bucket="code")
    return shared


@pytest.fixture
def bucket(made: Behind) -> Behind:
    return made.renew()


def deny(action: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": "arn:aws:s3:::code/a/*", **more}


def sent(behind: Behind) -> list[str]:
    return [path for path in behind.aws.operations if path.startswith(("/2015", "/2018"))]


@EACH
def test_who_makes_a_function_of_an_object_may_read_it(bucket: Behind, call: str, given: dict[str, Any]) -> None:
    ask = getattr(bucket.client("lambda"), call)
    ask(**given)
    assert len(sent(bucket)) == 1
    bucket.allow(EVERYTHING, deny("s3:GetObject"))
    error = refusal(ask, **given)
    assert error["Code"] == "AccessDeniedException"
    assert "s3:GetObject on resource" in error["Message"]
    bucket.allow({"Effect": "Allow", "Action": "lambda:*", "Resource": "*"})
    assert refusal(ask, **given)["Code"] == "AccessDeniedException"
    assert len(sent(bucket)) == 1


def test_a_version_needs_the_permission_of_versions(bucket: Behind) -> None:
    ask = bucket.client("lambda").update_function_code
    given = {**CALLS[0][1], "S3ObjectVersion": "v1"}
    bucket.allow(EVERYTHING, deny("s3:GetObject"))
    ask(**given)
    bucket.allow(EVERYTHING, deny("s3:GetObjectVersion", Condition={"StringEquals": {"s3:VersionId": "v2"}}))
    ask(**given)
    bucket.allow(EVERYTHING, deny("s3:GetObjectVersion", Condition={"StringEquals": {"s3:VersionId": "v1"}}))
    assert refusal(ask, **given)["Code"] == "AccessDeniedException"


def test_the_bucket_policy_has_its_say(bucket: Behind) -> None:
    statement = deny("s3:GetObject", Principal="*")
    root = bucket.server.client("s3")
    root.put_bucket_policy(Bucket="code", Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    try:
        assert refusal(bucket.client("lambda").update_function_code, **CALLS[0][1])["Code"] == "AccessDeniedException"
    finally:
        root.delete_bucket_policy(Bucket="code")


def test_a_bucket_that_nobody_owns_holds_no_code(bucket: Behind) -> None:
    error = refusal(
        bucket.client("lambda").update_function_code, FunctionName="f", S3Bucket="none-of-ours", S3Key="f.zip"
    )
    assert error["Code"] == "InvalidParameterValueException"
    assert error["Message"].startswith("Error occurred while GetObject. S3 Error Code: NoSuchBucket.")
    assert not sent(bucket)


def test_a_bucket_with_acls_is_not_decided_on(bucket: Behind) -> None:
    root = bucket.server.client("s3")

    def owned(by: str) -> None:
        controls = {"Rules": [{"ObjectOwnership": by}]}
        bucket.aws.answers["/code"] = Told(body=b"")
        root.put_bucket_ownership_controls(Bucket="code", OwnershipControls=controls)

    owned("ObjectWriter")
    try:
        assert "has ACLs" in refusal(bucket.client("lambda").update_function_code, **CALLS[0][1])["Message"]
    finally:
        owned("BucketOwnerEnforced")
    bucket.client("lambda").update_function_code(**CALLS[0][1])
