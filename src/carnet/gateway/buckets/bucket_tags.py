"""The tags of a bucket, which are kept here, and the condition keys that they fill once the bucket has ABAC enabled.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Bucket
from carnet.entities.entity import Tags, tag_list
from carnet.gateway.buckets.bucket_policies import bucket_in
from carnet.gateway.buckets.tag_sets import S3, read_tags
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3_sentences import XML_MALFORMED

Members = Mapping[str, Any]
READS_TAGS = "GetBucketTagging"
_KEYS = ("aws:ResourceTag/", "s3:BucketTag/")
_ON, _OFF = "Enabled", "Disabled"
_OF_A_BUCKET = ":::"
_UPSTREAMS = (
    "Not done: the tags of the bucket are at its upstream, where they were put before tags were kept here. Put them "
    "once more (PutBucketTagging)."
)
_BY_CONTROL = "While a bucket has ABAC enabled, its tags are changed by TagResource and UntagResource alone."


def tagged(snapshot: Snapshot, one: Resolved) -> Resolved:
    """A check on a bucket or an object in it, with the bucket's tags at this revision."""
    bucket = bucket_in(snapshot, one.resource) if _OF_A_BUCKET in one.resource else None
    others = {key: value for key, value in one.keys.items() if not key.startswith(_KEYS)}
    if bucket is None or not bucket.abac or not bucket.tags:
        return one._replace(keys=others) if len(others) < len(one.keys) else one
    own = {f"{beginning}{key}": value for beginning in _KEYS for key, value in bucket.tags.items()}
    return one._replace(keys={**others, **own})


def kept_tags(bucket: Bucket) -> Tags:
    """Raises Refused if they are not kept here yet."""
    if bucket.tags is None:
        raise Refused("NotImplemented", _UPSTREAMS)
    return bucket.tags


def told_tags(bucket: Bucket) -> Members:
    """The answer of GetBucketTagging. Raises Refused if there are none."""
    tags = kept_tags(bucket)
    if not tags:
        raise Refused("NoSuchTagSet", "The TagSet does not exist")
    return {"TagSet": tag_list(tags)}


def put_tags(bucket: Bucket, members: Members) -> Bucket:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html"""
    _refuse_abac(bucket)
    return replace(bucket, tags=read_tags(members["Tagging"].get("TagSet") or (), S3))


def delete_tags(bucket: Bucket) -> Bucket:
    _refuse_abac(bucket)
    return replace(bucket, tags={})


def _refuse_abac(bucket: Bucket) -> None:
    if bucket.abac:
        raise Refused("BadRequest", _BY_CONTROL)


def told_abac(bucket: Bucket) -> Members:
    return {"AbacStatus": {"Status": _ON if bucket.abac else _OFF}}


def put_abac(bucket: Bucket, members: Members) -> Bucket:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAbac.html

    INVARIANT: the tags of a bucket with ABAC enabled are kept here, so that every decision knows them.
    """
    status = members["AbacStatus"].get("Status")
    if status not in (_ON, _OFF):
        raise Refused("MalformedXML", XML_MALFORMED)
    return replace(bucket, abac=True, tags=kept_tags(bucket)) if status == _ON else replace(bucket, abac=False)
