"""Whether an S3 store encrypts what it is given a customer's key for: nobody reads that without the key.

A store that ignores the key keeps the object as it is and hands it to whoever may read objects, and a policy that asks
for the key (`s3:x-amz-server-side-encryption-customer-algorithm`) allows that.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from carnet.gateway.upstreams.customer_keys import OF_SOURCE
from carnet.gateway.upstreams.probe.s3_exercises import Ask, is_refused

CUSTOMER_KEYS = "SSECustomerKey"
"""No operation, but what several of them take."""
_SEALED = b"sealed"
_ALGORITHM = "SSECustomerAlgorithm"


def customer_keys(ask: Ask, bucket: str) -> Iterator[str]:
    """`CUSTOMER_KEYS` is named if an object, one in parts and a copy are read with their key, and not otherwise."""
    own, others = _key(b"o"), _key(b"x")
    one, parts, copy = ({"Bucket": bucket, "Key": key} for key in ("one", "parts", "copy"))
    ask("PutObject", **one, Body=_SEALED, **own)
    _put_in_parts(ask, parts, own)
    of_source = {f"{OF_SOURCE}{name}": value for name, value in own.items()}
    ask("CopyObject", **copy, CopySource=one, **of_source, **others)
    kept = ((one, own, others), (parts, own, others), (copy, others, own))
    is_held = all(_reads(ask, at, key) and not _reads(ask, at, {}) and not _reads(ask, at, no) for at, key, no in kept)
    without_key = {"Bucket": bucket, "Key": "keyless", _ALGORITHM: "AES256"}
    if is_held and is_refused(ask, "PutObject", **without_key, Body=_SEALED):
        yield CUSTOMER_KEYS


def _key(byte: bytes) -> dict[str, Any]:
    """botocore encodes it, and adds its MD5."""
    return {_ALGORITHM: "AES256", "SSECustomerKey": byte * 32}


def _put_in_parts(ask: Ask, at: Mapping[str, str], key: Mapping[str, Any]) -> None:
    upload = {**at, "UploadId": ask("CreateMultipartUpload", **at, **key)["UploadId"]}
    etag = ask("UploadPart", **upload, PartNumber=1, Body=_SEALED, **key)["ETag"]
    ask("CompleteMultipartUpload", **upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})


def _reads(ask: Ask, at: Mapping[str, str], key: Mapping[str, Any]) -> bool:
    """Whether the object is read. Its content may be sealed all the same: what tells is that the store refuses."""
    try:
        content: bytes = ask("GetObject", **at, **key)["Body"].read()
    except ClientError:
        return False
    return not key or content == _SEALED
