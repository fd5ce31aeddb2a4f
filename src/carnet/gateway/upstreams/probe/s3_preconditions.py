"""Whether an S3 store holds writes and deletes to their preconditions: each is asked for once as it holds, once not.

A store that ignores one overwrites what nobody wanted to, and a policy that asks for it (`s3:if-none-match`) allows
that. https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError, FlexibleChecksumError

from carnet.gateway.upstreams.preconditions import PRECONDITIONS, named
from carnet.gateway.upstreams.probe.s3_exercises import Ask

_NEW, _OLD, _NO_ETAG = b"new", b"old", '"00000000000000000000000000000000"'


def preconditions(ask: Ask, bucket: str) -> Iterator[str]:
    """Names what is held to, as `preconditions.named` does."""
    for operation, members in PRECONDITIONS.items():
        for member in members:
            if _is_held(ask, bucket, operation, member):
                yield named(operation, member)


def _is_held(ask: Ask, bucket: str, operation: str, member: str) -> bool:
    key = f"{operation}-{member}"
    try:
        etag = ask("PutObject", Bucket=bucket, Key=key, Body=_OLD)["ETag"]
        unless = {"IfMatch": _NO_ETAG, "IfNoneMatch": "*"}[member]
        if not _is_refused(ask, bucket, key, operation, {member: unless}) or _content(ask, bucket, key) != _OLD:
            return False
        at = key if member == "IfMatch" else f"{key}-new"
        _ASKS[operation](ask, {"Bucket": bucket, "Key": at}, {member: etag if member == "IfMatch" else "*"})
        return _content(ask, bucket, at) == (None if operation.startswith("Delete") else _NEW)
    except (ClientError, LookupError, FlexibleChecksumError):
        return False


def _is_refused(ask: Ask, bucket: str, key: str, operation: str, condition: dict[str, str]) -> bool:
    try:
        answer = _ASKS[operation](ask, {"Bucket": bucket, "Key": key}, condition)
    except ClientError:
        return True
    return bool(answer.get("Errors"))


def _content(ask: Ask, bucket: str, key: str) -> bytes | None:
    try:
        content: bytes = ask("GetObject", Bucket=bucket, Key=key)["Body"].read()
    except ClientError:
        return None
    return content


def _put(ask: Ask, at: dict[str, str], condition: dict[str, str]) -> Any:
    return ask("PutObject", **at, Body=_NEW, **condition)


def _complete(ask: Ask, at: dict[str, str], condition: dict[str, str]) -> Any:
    upload = ask("CreateMultipartUpload", **at)["UploadId"]
    etag = ask("UploadPart", **at, UploadId=upload, PartNumber=1, Body=_NEW)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    return ask("CompleteMultipartUpload", **at, UploadId=upload, MultipartUpload=parts, **condition)


def _copy(ask: Ask, at: dict[str, str], condition: dict[str, str]) -> Any:
    source = {"Bucket": at["Bucket"], "Key": "source"}
    ask("PutObject", **source, Body=_NEW)
    return ask("CopyObject", **at, CopySource=source, **condition)


def _delete(ask: Ask, at: dict[str, str], condition: dict[str, str]) -> Any:
    return ask("DeleteObject", **at, **condition)


def _delete_together(ask: Ask, at: dict[str, str], condition: dict[str, str]) -> Any:
    one = {"Key": at["Key"], "ETag": condition["IfMatch"]}
    return ask("DeleteObjects", Bucket=at["Bucket"], Delete={"Objects": [one]})


_ASKS: dict[str, Callable[[Ask, dict[str, str], dict[str, str]], Any]] = {
    "CompleteMultipartUpload": _complete,
    "CopyObject": _copy,
    "DeleteObject": _delete,
    "DeleteObjects": _delete_together,
    "PutObject": _put,
}
