"""What is asked of an S3 store in order to see what it does: each exercise names the operations that it has proven.

An exercise is a generator. It may end with an exception: what it has not named until then is not proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from carnet.gateway.upstreams.probe.s3_settings import KEY, Setting

_MOST_PART = 5 * 1024 * 1024
"""The least that AWS takes for a part that is not the last one."""

_KEPT = b"kept"
_NOBODYS_KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
"""A store that asks for its keys refuses it: of one, an operator has to say what it tells."""

Ask = Callable[..., Any]
"""Asks for an operation of botocore's model by its name, with members; raises ClientError."""
Exercise = Callable[[Ask, str], Iterator[str]]
"""Takes the name of an empty bucket that is its own."""


def setting(one: Setting) -> Exercise:
    """That a setting is shown once it is put, and no longer once it is taken away.

    INVARIANT: what can be taken away at AWS is not put where it cannot: Terraform could apply it, and never destroy it.
    """

    def exercise(ask: Ask, bucket: str) -> Iterator[str]:
        at = {"Bucket": bucket, **one.of}
        if KEY in one.of.values():
            ask("PutObject", Bucket=bucket, Key=KEY, Body=_KEPT)
        if _shows(ask, one.get, at, one.shows):
            return  # it shows this in any case, so nothing is proven
        ask(one.put, **at, **one.given)
        if not _shows(ask, one.get, at, one.shows) or not _is_kept(ask, bucket, one):
            return
        yield one.get
        if one.lists and "probe" in str(ask(one.lists, Bucket=bucket)):
            yield one.lists
        if not one.delete:
            yield one.put
            return
        ask(one.delete, **at)
        if not _shows(ask, one.get, at, one.shows) and _is_kept(ask, bucket, one):
            yield from (one.put, one.delete)

    return exercise


def _is_kept(ask: Ask, bucket: str, one: Setting) -> bool:
    """Whether the object is as it was: a store may take what is put on it for its content, and show that."""
    return KEY not in one.of.values() or _body(ask, bucket, KEY) == _KEPT


def _shows(ask: Ask, get: str, at: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    try:
        return _holds(ask(get, **at), shown)
    except ClientError:
        return False


def _holds(answer: Any, shown: Any) -> bool:
    """Whether an answer holds what is to be shown, among other things."""
    if isinstance(shown, Mapping):
        return isinstance(answer, Mapping) and all(
            name in answer and _holds(answer[name], value) for name, value in shown.items()
        )
    if isinstance(shown, Sequence) and not isinstance(shown, str):
        return isinstance(answer, list) and len(answer) == len(shown) and all(map(_holds, answer, shown))
    return bool(answer == shown)


def objects(ask: Ask, bucket: str) -> Iterator[str]:
    """Objects are put, read, listed, copied and deleted."""
    ask("PutObject", Bucket=bucket, Key="a/one", Body=b"first", Metadata={"probe": "1"})
    ask("PutObject", Bucket=bucket, Key="b/two", Body=b"second")
    if _body(ask, bucket, "a/one") == b"first":
        yield from ("PutObject", "GetObject")
    head = ask("HeadObject", Bucket=bucket, Key="a/one")
    told = {name.lower(): value for name, value in head["Metadata"].items()}  # stores in Go write `X-Amz-Meta-Probe`
    if head["ContentLength"] == len(b"first") and told == {"probe": "1"}:
        yield "HeadObject"
    for name in ("ListObjectsV2", "ListObjects"):
        if [one["Key"] for one in ask(name, Bucket=bucket, Prefix="a/").get("Contents", [])] == ["a/one"]:
            yield name
    ask("CopyObject", Bucket=bucket, Key="c/copy", CopySource={"Bucket": bucket, "Key": "a/one"})
    if _body(ask, bucket, "c/copy") == _body(ask, bucket, "a/one") == b"first":
        yield "CopyObject"
    ask("DeleteObject", Bucket=bucket, Key="c/copy")
    if _keys(ask, bucket) == ["a/one", "b/two"]:
        yield "DeleteObject"
    ask("DeleteObjects", Bucket=bucket, Delete={"Objects": [{"Key": "b/two"}]})
    if _keys(ask, bucket) == ["a/one"]:
        yield "DeleteObjects"


def attributes(ask: Ask, bucket: str) -> Iterator[str]:
    """What is known of an object without its content."""
    ask("PutObject", Bucket=bucket, Key=KEY, Body=b"content")
    told = ask("GetObjectAttributes", Bucket=bucket, Key=KEY, ObjectAttributes=["ObjectSize"])
    if told.get("ObjectSize") == len(b"content"):
        yield "GetObjectAttributes"


def retention(ask: Ask, bucket: str) -> Iterator[str]:
    """A version of an object is not deleted before a moment, which is told, unless the retention is bypassed."""
    at: dict[str, Any] = {"Bucket": bucket, "Key": KEY}
    at["VersionId"] = ask("PutObject", **at, Body=_KEPT)["VersionId"]
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    wanted = {"Retention": {"Mode": "GOVERNANCE", "RetainUntilDate": until}}
    ask("PutObjectRetention", **at, **wanted)
    told = ask("GetObjectRetention", **at)
    is_kept = is_refused(ask, "DeleteObject", **at)
    ask("DeleteObject", **at, BypassGovernanceRetention=True)
    if _holds(told, wanted) and is_kept and is_refused(ask, "HeadObject", **at):
        yield from ("PutObjectRetention", "GetObjectRetention")


def uploads(ask: Ask, bucket: str) -> Iterator[str]:
    """An object is put in parts, one of them copied; another is begun and given up."""
    ask("PutObject", Bucket=bucket, Key="source", Body=b"s" * 64)
    at = {"Bucket": bucket, "Key": "parts"}
    at["UploadId"] = ask("CreateMultipartUpload", **at)["UploadId"]
    first = ask("UploadPart", **at, PartNumber=1, Body=b"p" * _MOST_PART)["ETag"]
    copied = ask("UploadPartCopy", **at, PartNumber=2, CopySource={"Bucket": bucket, "Key": "source"})
    etags = [first, copied["CopyPartResult"]["ETag"]]
    begun = {"Bucket": bucket, "Key": "given-up"}
    begun["UploadId"] = ask("CreateMultipartUpload", **begun)["UploadId"]
    pending = {one["Key"] for one in ask("ListMultipartUploads", Bucket=bucket).get("Uploads", [])}
    if pending == {"parts", "given-up"}:
        yield "ListMultipartUploads"
    if [one["PartNumber"] for one in ask("ListParts", **at).get("Parts", [])] == [1, 2]:
        yield "ListParts"
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    ask("CompleteMultipartUpload", **at, MultipartUpload={"Parts": parts})
    if _body(ask, bucket, "parts") == b"p" * _MOST_PART + b"s" * 64:
        yield from ("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
    ask("AbortMultipartUpload", **begun)
    left = [one["Key"] for one in ask("ListMultipartUploads", Bucket=bucket).get("Uploads", [])]
    if "given-up" not in left and "given-up" not in _keys(ask, bucket):
        yield "AbortMultipartUpload"


def versions(ask: Ask, bucket: str) -> Iterator[str]:
    """Older versions are kept, listed, read and deleted; `VERSIONS` is named if versionId is understood."""
    ask("PutBucketVersioning", Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    if ask("GetBucketVersioning", Bucket=bucket).get("Status") == "Enabled":
        yield from ("PutBucketVersioning", "GetBucketVersioning")
    first = ask("PutObject", Bucket=bucket, Key=KEY, Body=b"first")["VersionId"]
    ask("PutObject", Bucket=bucket, Key=KEY, Body=b"second")
    if len(ask("ListObjectVersions", Bucket=bucket).get("Versions", [])) == 2:
        yield "ListObjectVersions"
    older = ask("GetObject", Bucket=bucket, Key=KEY, VersionId=first)["Body"].read()
    ask("DeleteObject", Bucket=bucket, Key=KEY, VersionId=first)
    if older == b"first" and _body(ask, bucket, KEY) == b"second":
        yield VERSIONS


def keys(ask: Ask, bucket: str) -> Iterator[str]:
    """Which key of AWS KMS a request names for an object is told with it, also of one in parts and of a copy."""
    named = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": _NOBODYS_KEY}
    ask("PutObject", Bucket=bucket, Key="one", Body=b"sealed", **named)
    ask("CopyObject", Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "one"}, **named)
    at = {"Bucket": bucket, "Key": "parts"}
    at["UploadId"] = ask("CreateMultipartUpload", **at, **named)["UploadId"]
    part = {"PartNumber": 1, "ETag": ask("UploadPart", **at, PartNumber=1, Body=b"sealed")["ETag"]}
    ask("CompleteMultipartUpload", **at, MultipartUpload={"Parts": [part]})
    made, reads = ("one", "copy", "parts"), ("GetObject", "HeadObject")
    if all(_holds(ask(name, Bucket=bucket, Key=key), named) for name in reads for key in made):
        yield KEYS


def buckets(ask: Ask, bucket: str) -> Iterator[str]:
    """A bucket is made, found, and deleted."""
    other = f"{bucket}-x"
    was_there = not is_refused(ask, "HeadBucket", Bucket=other)
    ask("CreateBucket", Bucket=other)
    if not was_there and not is_refused(ask, "HeadBucket", Bucket=other):
        yield "CreateBucket"
    if "LocationConstraint" in ask("GetBucketLocation", Bucket=other):
        yield "GetBucketLocation"
    ask("DeleteBucket", Bucket=other)
    if is_refused(ask, "HeadBucket", Bucket=other):
        yield from ("DeleteBucket", "HeadBucket")


VERSIONS, KEYS = "versionId", "SSEKMSKeyId"
"""No operations, but what several of them take."""


def _body(ask: Ask, bucket: str, key: str) -> bytes:
    body: bytes = ask("GetObject", Bucket=bucket, Key=key)["Body"].read()
    return body


def _keys(ask: Ask, bucket: str) -> list[str]:
    return sorted(one["Key"] for one in ask("ListObjectsV2", Bucket=bucket).get("Contents", []))


def is_refused(ask: Ask, name: str, **given: Any) -> bool:
    """Whether the store refuses an operation with these members."""
    try:
        ask(name, **given)
    except ClientError:
        return True
    return False
