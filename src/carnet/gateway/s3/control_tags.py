"""TagResource, UntagResource and ListTagsForResource of Amazon S3's control API, on buckets and on access points.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from carnet.entities.bucket import Bucket, bucket_arn
from carnet.entities.entity import Tags, tag_list
from carnet.gateway.buckets.bucket_policies import bucket_in
from carnet.gateway.buckets.bucket_tags import kept_tags
from carnet.gateway.buckets.tag_sets import read_tags, tag_keys, with_tags, without_tags
from carnet.gateway.checks.check import Check
from carnet.gateway.checks.services.s3_names import BUCKET
from carnet.gateway.s3.access_point_targets import named, point_of
from carnet.gateway.s3.control_call import Asked, Checks, Edit, Members, Rule
from carnet.gateway.s3.faults import S3Fault
from carnet.policy.request import Value

_TAGS, _KEYS = "Tags", "TagKeys"


def _on(action: str) -> Checks:
    """An action on the bucket or the access point that a request names."""
    on_point = named(action)

    def checks(asked: Asked) -> Iterator[Check]:
        if _is_of_bucket(asked):
            yield _on_bucket(asked, action)
        else:
            yield from on_point(asked)

    return checks


def _is_of_bucket(asked: Asked) -> bool:
    return str(asked.members["ResourceArn"]).startswith(bucket_arn(asked.scope.partition, ""))


def _on_bucket(asked: Asked, action: str) -> Check:
    bucket = _bucket_of(asked)
    keys: dict[str, Value] = {**asked.keys, "s3:ResourceAccount": bucket.account}
    keys |= tag_keys(read_tags(asked.members.get(_TAGS) or ()))
    if _KEYS in asked.members:
        keys["aws:TagKeys"] = tuple(asked.members[_KEYS])
    return Check(action=f"s3:{action}", resource=bucket.arn, account=bucket.account, type=BUCKET, keys=keys)


def _bucket_of(asked: Asked) -> Bucket:
    """The bucket that a request names. Raises S3Fault if it is not the account's, or not in the Region."""
    found = bucket_in(asked.snapshot, asked.members["ResourceArn"])
    if found is None or found.arn != asked.members["ResourceArn"]:
        raise S3Fault("NoSuchResource", "The specified resource doesn't exist.")
    if found.account != asked.scope.account:
        told = "The specified AWS account ID does not own this S3 general purpose bucket. Use the account ID of the S3 "
        raise S3Fault("InvalidRequest", f"{told}bucket owner, then try again.")
    if found.region != asked.scope.region:
        raise S3Fault("InvalidRequest", f"Try the request again using the bucket's region: {found.region}.")
    return found


def _tags_of(asked: Asked) -> Tags:
    return kept_tags(_bucket_of(asked)) if _is_of_bucket(asked) else point_of(asked).tags


def _edit_tags(asked: Asked, tags: Tags) -> Edit:
    if _is_of_bucket(asked):
        bucket = _bucket_of(asked)
        return Edit(bucket, replace(bucket, tags=tags))
    point = point_of(asked)
    return Edit(point, replace(point, tags=tags))


def _refuse_empty(asked: Asked, member: str) -> None:
    if _is_of_bucket(asked) and not asked.members[member]:
        raise S3Fault("InvalidTag", "At least one tag is required.")


def _tag(asked: Asked) -> Edit:
    _refuse_empty(asked, _TAGS)
    return _edit_tags(asked, with_tags(_tags_of(asked), read_tags(asked.members[_TAGS])))


def _untag(asked: Asked) -> Edit:
    _refuse_empty(asked, _KEYS)
    return _edit_tags(asked, without_tags(_tags_of(asked), asked.members[_KEYS]))


def _list(asked: Asked) -> Members:
    return {_TAGS: tag_list(_tags_of(asked))}


TAGS: Mapping[str, Rule] = {
    "ListTagsForResource": Rule(_on("ListTagsForResource"), read=_list),
    "TagResource": Rule(_on("TagResource"), write=_tag),
    "UntagResource": Rule(_on("UntagResource"), write=_untag),
}
