"""Copies from a bucket of one account to one of another, before SeaweedFS: what both bucket policies have to allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.bucket_place import DENIED, Place, allow, before_seaweedfs, deny, refused

READ, TAGS = "s3:GetObject", "s3:GetObjectTagging"
PUT, PUT_TAGS, PUT_ACL = "s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectAcl"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The bucket of the first account has an object with a tag and one without; so has `other-bucket` of the other."""
    with before_seaweedfs(tmp_path_factory.mktemp("copies")) as made:
        made.other.create_bucket(Bucket="other-bucket")
        for client, bucket in ((made.owner, made.bucket), (made.other, "other-bucket")):
            client.put_object(Bucket=bucket, Key="plain", Body=b"plain")
            client.put_object(Bucket=bucket, Key="tagged", Body=b"tagged", Tagging="class=open")
        yield made


def permit(place: Place, *actions: str, but: str = "") -> None:
    """What the other account may do with the objects of the first one's bucket, and which of them it may not read."""
    other = {"AWS": f"arn:aws:iam::{place.other_account}:root"}
    denied = [deny(READ, f"{place.arn}/{but}", Principal=other)] if but else []
    place.policy(allow(list(actions), place.objects, Principal=other), *denied)


def out(place: Place, key: str) -> dict[str, Any]:
    """A copy from the first account's bucket to the other's."""
    return {"Bucket": "other-bucket", "Key": "copy", "CopySource": {"Bucket": place.bucket, "Key": key}}


def into(place: Place, key: str, **more: Any) -> dict[str, Any]:
    return {"Bucket": place.bucket, "Key": "copy", "CopySource": {"Bucket": "other-bucket", "Key": key}, **more}


def test_the_policy_of_the_source_lets_its_content_and_its_tags_be_copied(place: Place) -> None:
    permit(place, "s3:DeleteObject")
    assert refused(place.other.copy_object, **out(place, "plain")) == DENIED
    permit(place, READ)
    place.other.copy_object(**out(place, "plain"))
    assert refused(place.other.copy_object, **out(place, "tagged")) == DENIED
    permit(place, READ, TAGS)
    place.other.copy_object(**out(place, "tagged"))
    told = place.other.get_object_tagging(Bucket="other-bucket", Key="copy")
    assert told["TagSet"] == [{"Key": "class", "Value": "open"}]


def test_parts_are_copied_by_who_may_read_them(place: Place) -> None:
    """The tags of what a part is copied of are not copied."""
    upload = place.other.create_multipart_upload(Bucket="other-bucket", Key="copy")["UploadId"]
    part = {**out(place, "tagged"), "UploadId": upload, "PartNumber": 1}
    permit(place, READ)
    place.other.upload_part_copy(**part)
    permit(place, READ, but="tagged")
    assert refused(place.other.upload_part_copy, **part) == DENIED


def test_the_policy_of_the_destination_lets_content_tags_and_acls_be_put(place: Place) -> None:
    permit(place, READ, TAGS)
    assert refused(place.other.copy_object, **into(place, "plain")) == DENIED
    permit(place, PUT)
    place.other.copy_object(**into(place, "plain"))
    assert refused(place.other.copy_object, **into(place, "tagged")) == DENIED
    place.other.copy_object(**into(place, "tagged", TaggingDirective="REPLACE"))
    permit(place, PUT, PUT_TAGS)
    place.other.copy_object(**into(place, "tagged"))
    with_acl = into(place, "plain", ACL="bucket-owner-full-control")
    assert refused(place.other.copy_object, **with_acl) == DENIED
    permit(place, PUT, PUT_ACL)
    place.other.copy_object(**with_acl)


def test_whose_the_buckets_are_is_compared(place: Place) -> None:
    permit(place, PUT)
    asked = into(place, "plain", ExpectedBucketOwner=place.account)
    place.other.copy_object(**asked, ExpectedSourceBucketOwner=place.other_account)
    assert refused(place.other.copy_object, **asked, ExpectedSourceBucketOwner=place.account) == DENIED
