"""What nobody in particular may not ask for, even of what is public: it takes a signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store
from tests.gateway.test_s3_keys import KEY_ID, by_kms, key_arn

PART = "/photos/k?partNumber=1&uploadId=u"
ALGORITHM = "x-amz-server-side-encryption"
NAMED = {ALGORITHM: "aws:kms", f"{ALGORITHM}-aws-kms-key-id": KEY_ID}
BEGUN = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Anybody may use the bucket, and the key by its policy."""
    with a_store(tmp_path_factory.mktemp("s3"), "moto") as store:
        root = store.server.client("s3")
        root.delete_public_access_block(Bucket=BUCKET)
        root.put_bucket_policy(Bucket=BUCKET, Policy=anybody("s3:*Object", f"arn:aws:s3:::{BUCKET}/*"))
        store.s3.answers["POST /"] = Told(body=json.dumps({"KeyMetadata": {"Arn": key_arn(store)}}).encode())
        kms = store.server.client("kms", *store.key)
        kms.put_key_policy(KeyId=KEY_ID, PolicyName="default", Policy=anybody("kms:*", "*"))
        yield store


def anybody(action: str, resource: str) -> str:
    allowed = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    shared.s3.objects["/photos/k"] = b"hello"
    return shared


@pytest.mark.parametrize("header", ["content-type", "content-disposition", "cache-control", "expires"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_headers_of_the_answer(store: Store, method: str, header: str) -> None:
    """An object that anybody may read would become a page on this host."""
    target = f"/photos/k?response-{header}=text/html"
    refused = store.send(method, target, signed=False)
    assert refused.status == 400
    assert (refused.code == "InvalidRequest") or method == "HEAD"
    assert store.s3.requests == []
    assert store.send(method, "/photos/k", signed=False).status == 200
    if header == "content-type":
        assert store.send(method, target.replace("/html", "%2Fhtml")).status == 200


def test_a_key_to_write_with(store: Store) -> None:
    refused = store.send("PUT", "/photos/k", headers=NAMED, signed=False)
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert "require AWS Signature Version 4" in refused.message
    assert store.s3.requests == []


def test_a_key_to_read_with(store: Store) -> None:
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=by_kms(key_arn(store)))
    refused = store.send("GET", "/photos/k", signed=False)
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert b"hello" not in refused.raw
    assert store.send("GET", "/photos/k").body == b"hello"


def test_a_key_that_parts_are_encrypted_with(store: Store) -> None:
    store.s3.answers |= {"POST /photos/k?uploads": Told(body=BEGUN), f"PUT {PART}": Told()}
    given: dict[str, Any] = {"Bucket": BUCKET, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ID}
    store.client().create_multipart_upload(**given)
    refused = store.send("PUT", PART, b"part", signed=False)
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert store.send("PUT", PART, b"part").status == 200


@pytest.mark.parametrize(
    "asked", ["GET /", "PUT /new-bucket", "GET /nobody-has/k", "DELETE /photos/k", "POST /nobody-has?delete"]
)
def test_who_signs_by_version_2_is_told_to_sign_by_version_4(store: Store, asked: str) -> None:
    """Clients that are set up for it, such as S3SignerType of the SDK for Java, understand no other service's error."""
    method, _, target = asked.partition(" ")
    told = store.send(method, target, headers={"authorization": "AWS AKIAIOSFODNN7EXAMPLE:c2ln"}, signed=False)
    assert (told.status, told.code) == (400, "InvalidRequest")
    assert told.message.endswith("is not supported. Please use AWS4-HMAC-SHA256.")
    assert store.s3.requests == []


@pytest.mark.parametrize("asked", ["POST /", "GET /token", "GET /_carnet/health"])
def test_version_2_makes_no_request_for_amazon_s3_of_others(store: Store, asked: str) -> None:
    method, _, target = asked.partition(" ")
    told = store.send(method, target, headers={"authorization": "AWS AKIAIOSFODNN7EXAMPLE:c2ln"}, signed=False)
    assert "x-amz-request-id" not in told.headers
