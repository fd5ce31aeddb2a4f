"""Writes to a bucket, its default encryption, and what they were decided by."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store
from tests.gateway.test_s3_keys import head

ENCRYPTION = f"PUT /{BUCKET}?encryption"
NAMED, WITH_BUCKET_KEY = (
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
)
ALGORITHM = "x-amz-server-side-encryption"
MADE = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
COPIED = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
MANAGED = "alias/aws/s3"
KMS = {"ServerSideEncryption": "aws:kms"}
WRITES = pytest.mark.parametrize("operation", ["put_object", "copy_object", "create_multipart_upload"])


def by_key(key: str, **more: Any) -> dict[str, Any]:
    return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, **more}


def put(store: Store, rule: dict[str, Any], *more: dict[str, Any]) -> None:
    store.client().put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule, *more]})


def told(store: Store) -> list[dict[str, Any]]:
    answer = store.client().get_bucket_encryption(Bucket=BUCKET)
    rules: list[dict[str, Any]] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return rules


def decisions(store: Store) -> list[str]:
    return [one["action"] for one in store.events()[-1]["additionalEventData"]["decisions"]]


def write(store: Store, operation: str, **more: Any) -> Any:
    store.s3.answers |= {
        "POST /photos/k?uploads": Told(body=MADE),
        "HEAD /photos/source": head({}),
    }
    if operation == "copy_object":
        store.s3.answers["PUT /photos/k"] = Told(body=COPIED)
        more["CopySource"] = {"Bucket": BUCKET, "Key": "source"}
    return getattr(store.client(), operation)(Bucket=BUCKET, Key="k", **more)


def puts(store: Store) -> list[str]:
    return [one for one in store.s3.asked if one.startswith("PUT")]


def managed(account: str) -> str:
    return f"arn:aws:kms:us-east-1:{account}:{MANAGED}"
