"""What bucket policies allow and deny before SeaweedFS: callers of two accounts, and nobody in particular.

The scenarios are those of the tests of bucket policies in ceph/s3-tests, by whose names they go, so that the two can be
compared. Left out are those of tenants, which are no part of Amazon S3.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.bucket_place import DENIED, Place, allow, before_seaweedfs, deny, refused

TAGGED = {"open": "public", "closed": "private", "none": ""}
IF_PUBLIC = {"StringEquals": {"s3:ExistingObjectTag/security": "public"}}
MB = 1024 * 1024


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with before_seaweedfs(tmp_path_factory.mktemp("policies"), "--s3-new-buckets", "legacy") as place:
        yield place


@pytest.fixture
def place(first: Place) -> Place:
    return first.another()


def tags(value: str) -> dict[str, Any]:
    return {"TagSet": [{"Key": "security", "Value": value}]}


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_bucket_policy(place: Place, operation: str) -> None:
    place.put("a")
    for caller in (place.other, place.nobody):
        assert refused(getattr(caller, operation), Bucket=place.bucket) == DENIED
    place.policy(allow("s3:ListBucket", [place.arn, place.objects]))
    for caller in (place.other, place.nobody):
        assert [one["Key"] for one in getattr(caller, operation)(Bucket=place.bucket)["Contents"]] == ["a"]
        assert refused(caller.get_object, Bucket=place.bucket, Key="a") == DENIED


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_bucket_policy_acl(place: Place, operation: str) -> None:
    """A Deny stands against what an ACL allows."""
    place.put("a")
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="public-read")
    getattr(place.other, operation)(Bucket=place.bucket)
    place.policy(deny("s3:ListBucket", [place.arn, place.objects]))
    assert refused(getattr(place.other, operation), Bucket=place.bucket) == DENIED
    place.owner.delete_bucket_policy(Bucket=place.bucket)
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="authenticated-read")
    getattr(place.other, operation)(Bucket=place.bucket)
    assert refused(getattr(place.nobody, operation), Bucket=place.bucket) == DENIED


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_bucket_policy_another_bucket(place: Place, operation: str) -> None:
    """The policy of one bucket, with its name in place of the other's, is as good for the other."""
    second = place.another()
    place.put("a")
    second.put("b")
    place.policy(allow("s3:ListBucket", [place.arn, place.objects]))
    document = place.owner.get_bucket_policy(Bucket=place.bucket)["Policy"]
    refusal = refused(place.owner.put_bucket_policy, Bucket=second.bucket, Policy=document)
    assert refusal == (400, "MalformedPolicy")
    place.owner.put_bucket_policy(Bucket=second.bucket, Policy=document.replace(place.bucket, second.bucket))
    assert [one["Key"] for one in getattr(place.other, operation)(Bucket=second.bucket)["Contents"]] == ["b"]


def test_bucket_policy_deny_self_denied_policy(place: Place) -> None:
    """Whoever denies it to himself: the root user of the bucket's account keeps these three."""
    place.policy(deny(["s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"], place.arn))
    document = place.owner.get_bucket_policy(Bucket=place.bucket)["Policy"]
    place.owner.put_bucket_policy(Bucket=place.bucket, Policy=document)
    assert refused(place.other.get_bucket_policy, Bucket=place.bucket)[0] in (403, 405)
    place.owner.delete_bucket_policy(Bucket=place.bucket)


def test_bucket_policy_deny_self_denied_policy_confirm_header(place: Place) -> None:
    statement = deny(["s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"], place.arn)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    place.owner.put_bucket_policy(Bucket=place.bucket, Policy=document, ConfirmRemoveSelfBucketAccess=True)
    place.owner.delete_bucket_policy(Bucket=place.bucket)


def test_set_get_del_bucket_policy(place: Place) -> None:
    gone = (404, "NoSuchBucketPolicy")
    assert refused(place.owner.get_bucket_policy, Bucket=place.bucket) == gone
    statement = allow("s3:ListBucket", place.arn)
    place.policy(statement)
    kept = json.loads(place.owner.get_bucket_policy(Bucket=place.bucket)["Policy"])
    assert kept == {"Version": "2012-10-17", "Statement": [statement]}
    place.owner.delete_bucket_policy(Bucket=place.bucket)
    assert refused(place.owner.get_bucket_policy, Bucket=place.bucket) == gone


@pytest.mark.parametrize(
    ("given", "allowed"),
    [({}, True), ({"Referer": "http://www.example.com/in"}, True), ({"Referer": "http://example.com/in"}, False)],
)
def test_bucket_policy_set_condition_operator_end_with_ifexists(
    place: Place, given: dict[str, str], allowed: bool
) -> None:
    place.put("foo")
    place.policy(
        allow(
            "s3:GetObject",
            place.objects,
            Condition={"StringLikeIfExists": {"aws:Referer": "http://www.example.com/*"}},
        )
    )
    place.other.meta.events.register_first(
        "before-sign.s3.GetObject",
        lambda request, **_: [request.headers.add_header(*one) for one in given.items()],
        "r",
    )
    try:
        if allowed:
            assert place.other.get_object(Bucket=place.bucket, Key="foo")["Body"].read() == b"foo"
        else:
            assert refused(place.other.get_object, Bucket=place.bucket, Key="foo") == DENIED
    finally:
        place.other.meta.events.unregister("before-sign.s3.GetObject", unique_id="r")


@pytest.mark.parametrize(
    "statement", [{"NotPrincipal": {"AWS": "*"}}, {"NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}]
)
def test_bucket_policy_allow_notprincipal(place: Place, statement: dict[str, Any]) -> None:
    given = allow("s3:ListBucket", place.arn) | statement
    del given["Principal"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [given]})
    assert refused(place.owner.put_bucket_policy, Bucket=place.bucket, Policy=document) == (400, "MalformedPolicy")


def test_a_deny_for_all_but_one(place: Place) -> None:
    """NotPrincipal in a Deny: the account named, and nobody else."""
    place.put("a")
    but = {"NotPrincipal": {"AWS": [f"arn:aws:iam::{place.account}:root", f"arn:aws:iam::{place.other_account}:root"]}}
    given = deny("s3:GetObject", place.objects) | but
    del given["Principal"]
    place.policy(allow("s3:GetObject", place.objects), given)
    place.other.get_object(Bucket=place.bucket, Key="a")
    assert refused(place.nobody.get_object, Bucket=place.bucket, Key="a") == DENIED


def test_bucket_policy_get_obj_existing_tag(place: Place) -> None:
    place.tag(**TAGGED)
    place.policy(allow("s3:GetObject", place.objects, Condition=IF_PUBLIC))
    for caller in (place.other, place.nobody):
        assert caller.get_object(Bucket=place.bucket, Key="open")["Body"].read() == b"open"
        caller.head_object(Bucket=place.bucket, Key="open")
        for key in ("closed", "none"):
            assert refused(caller.get_object, Bucket=place.bucket, Key=key) == DENIED


def test_bucket_policy_get_obj_tagging_existing_tag(place: Place) -> None:
    place.tag(**TAGGED)
    place.policy(allow("s3:GetObjectTagging", place.objects, Condition=IF_PUBLIC))
    assert place.other.get_object_tagging(Bucket=place.bucket, Key="open")["TagSet"] == tags("public")["TagSet"]
    assert refused(place.other.get_object, Bucket=place.bucket, Key="open") == DENIED
    for key in ("closed", "none"):
        assert refused(place.other.get_object_tagging, Bucket=place.bucket, Key=key) == DENIED


def test_bucket_policy_put_obj_tagging_existing_tag(place: Place) -> None:
    """Who takes the tag away that lets him tag has no way back."""
    place.tag(**TAGGED)
    place.policy(allow("s3:PutObjectTagging", place.objects, Condition=IF_PUBLIC))
    here = {"Bucket": place.bucket, "Key": "open"}
    place.other.put_object_tagging(**here, Tagging=tags("public"))
    assert refused(place.other.put_object_tagging, **(here | {"Key": "closed"}), Tagging=tags("public")) == DENIED
    place.other.put_object_tagging(**here, Tagging=tags("private"))
    assert refused(place.other.put_object_tagging, **here, Tagging=tags("public")) == DENIED


def test_bucket_policy_get_obj_acl_existing_tag(place: Place) -> None:
    place.tag(**TAGGED)
    place.policy(allow("s3:GetObjectAcl", place.objects, Condition=IF_PUBLIC))
    place.other.get_object_acl(Bucket=place.bucket, Key="open")
    assert refused(place.other.get_object, Bucket=place.bucket, Key="open") == DENIED
    for key in ("closed", "none"):
        assert refused(place.other.get_object_acl, Bucket=place.bucket, Key=key) == DENIED


def test_bucket_policy_upload_part_copy(place: Place) -> None:
    place.tag(**{"public/foo": "", "public/bar": "", "private/foo": ""})
    target = place.another()
    place.policy(allow("s3:GetObject", f"{place.arn}/public/*"))
    target.policy(
        allow(
            "s3:PutObject",
            target.objects,
            Condition={"StringLikeIfExists": {"s3:x-amz-copy-source": f"{place.bucket}/public/*"}},
        )
    )
    upload = place.other.create_multipart_upload(Bucket=target.bucket, Key="new")["UploadId"]
    part = {"Bucket": target.bucket, "Key": "new", "PartNumber": 1, "UploadId": upload}
    for key in ("public/foo", "public/bar"):
        place.other.upload_part_copy(**part, CopySource={"Bucket": place.bucket, "Key": key})
    source = {"Bucket": place.bucket, "Key": "private/foo"}
    assert refused(place.other.upload_part_copy, **part, CopySource=source) == DENIED
    place.owner.abort_multipart_upload(Bucket=target.bucket, Key="new", UploadId=upload)


def test_bucket_policy_put_obj_copy_source(place: Place) -> None:
    place.put("public/foo", "public/bar", "private/foo")
    target = place.another()
    place.policy(allow("s3:GetObject", place.objects))
    only = {"StringLike": {"s3:x-amz-copy-source": f"{place.bucket}/public/*"}}
    target.policy(allow("s3:PutObject", target.objects, Condition=only))
    for key in ("public/foo", "public/bar"):
        place.other.copy_object(Bucket=target.bucket, Key="new", CopySource={"Bucket": place.bucket, "Key": key})
        assert place.other.get_object(Bucket=target.bucket, Key="new")["Body"].read() == key.encode()
    source = {"Bucket": place.bucket, "Key": "private/foo"}
    assert refused(place.other.copy_object, Bucket=target.bucket, Key="new", CopySource=source) == DENIED


def test_bucket_policy_put_obj_copy_source_meta(place: Place) -> None:
    place.put("public/foo")
    target = place.another()
    place.policy(allow("s3:GetObject", place.objects))
    only = {"StringEquals": {"s3:x-amz-metadata-directive": "COPY"}}
    target.policy(allow("s3:PutObject", target.objects, Condition=only))
    copy = {"Bucket": target.bucket, "Key": "new", "CopySource": f"{place.bucket}/public/foo"}
    place.other.copy_object(**copy, MetadataDirective="COPY")
    assert refused(place.other.copy_object, **copy) == DENIED
    assert refused(place.other.copy_object, **copy, MetadataDirective="REPLACE", Metadata={"a": "b"}) == DENIED


def test_bucket_policy_put_obj_acl(place: Place) -> None:
    only = {"StringLike": {"s3:x-amz-acl": "public*"}}
    place.policy(
        allow(["s3:PutObject", "s3:PutObjectAcl"], place.objects), deny("s3:PutObject", place.objects, Condition=only)
    )
    place.other.put_object(Bucket=place.bucket, Key="private", Body=b"")
    place.other.put_object(Bucket=place.bucket, Key="private", Body=b"", ACL="private")
    assert refused(place.other.put_object, Bucket=place.bucket, Key="public", Body=b"", ACL="public-read") == DENIED


def test_bucket_policy_put_obj_grant(place: Place) -> None:
    """An uploader owns what he uploads; the bucket's owner has what is granted, and no more."""
    second = place.another()
    full = f"id={place.owner_id}"
    only = {"StringEquals": {"s3:x-amz-grant-full-control": full}}
    actions = ["s3:PutObject", "s3:PutObjectAcl"]
    place.policy(allow(actions, place.objects, Condition=only))
    second.policy(allow("s3:PutObject", second.objects))
    place.other.put_object(Bucket=place.bucket, Key="k", Body=b"", GrantFullControl=full)
    assert refused(place.other.put_object, Bucket=place.bucket, Key="k", Body=b"") == DENIED
    place.other.put_object(Bucket=second.bucket, Key="k", Body=b"")
    granted = place.owner.get_object_acl(Bucket=place.bucket, Key="k")
    assert [one["Grantee"]["ID"] for one in granted["Grants"]] == [place.owner_id]
    assert refused(place.owner.get_object_acl, Bucket=second.bucket, Key="k") == DENIED
    kept = place.other.get_object_acl(Bucket=second.bucket, Key="k")
    assert [one["Grantee"]["ID"] for one in kept["Grants"]] == [place.other_id]


def test_bucket_policy_put_obj_request_obj_tag(place: Place) -> None:
    only = {"StringEquals": {"s3:RequestObjectTag/security": "public"}}
    place.policy(allow(["s3:PutObject", "s3:PutObjectTagging"], place.objects, Condition=only))
    assert refused(place.other.put_object, Bucket=place.bucket, Key="k", Body=b"") == DENIED
    assert refused(place.other.put_object, Bucket=place.bucket, Key="k", Body=b"", Tagging="security=x") == DENIED
    place.other.put_object(Bucket=place.bucket, Key="k", Body=b"", Tagging="security=public")


ENCRYPTION = "s3:x-amz-server-side-encryption"
WITHOUT = {"Null": {ENCRYPTION: "true"}}
KMS_KEY = {"ServerSideEncryption": "aws:kms"}
S3_KEY = {"ServerSideEncryption": "AES256"}


@pytest.mark.parametrize(
    ("wanted", "given"),
    [("AES256", {}), ("AES256", KMS_KEY), ("aws:kms", {}), ("aws:kms", S3_KEY)],
    ids=["s3_noenc", "s3_kms", "kms_noenc", "kms_s3"],
)
def test_bucket_policy_put_obj_that_is_not_encrypted_so(place: Place, wanted: str, given: dict[str, str]) -> None:
    """The policies that AWS recommends: no header, or another encryption than the one that is wanted."""
    other = {"StringNotEquals": {ENCRYPTION: wanted}}
    place.policy(
        allow("s3:PutObject", place.objects),
        deny("s3:PutObject", place.objects, Condition=other),
        deny("s3:PutObject", place.objects, Condition=WITHOUT),
    )
    for caller in (place.owner, place.other):
        assert refused(caller.put_object, Bucket=place.bucket, Key="k", Body=b"", **given) == DENIED


def test_bucket_policy_put_obj_encrypted_as_is_wanted(place: Place) -> None:
    other = {"StringNotEquals": {ENCRYPTION: "AES256"}}
    place.policy(allow("s3:PutObject", place.objects), deny("s3:PutObject", place.objects, Condition=other))
    place.other.put_object(Bucket=place.bucket, Key="k", Body=b"", **S3_KEY)


def test_bucket_policy_multipart(place: Place) -> None:
    """Each of the three who may: the content comes from two accounts."""
    place.policy(allow(["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], place.objects))
    for caller in (place.owner, place.other):
        upload = caller.create_multipart_upload(Bucket=place.bucket, Key="k")["UploadId"]
        at = {"Bucket": place.bucket, "Key": "k", "UploadId": upload}
        etag = caller.upload_part(**at, PartNumber=1, Body=b"x" * 5 * MB)["ETag"]
        assert [one["ETag"] for one in caller.list_parts(**at)["Parts"]] == [etag]
        caller.complete_multipart_upload(**at, MultipartUpload={"Parts": [{"ETag": etag, "PartNumber": 1}]})
    assert refused(place.other.list_multipart_uploads, Bucket=place.bucket) == DENIED


def test_prefixes_of_a_listing(place: Place) -> None:
    place.put("home/ada/1", "home/bob/1")
    only = {"StringLike": {"s3:prefix": "home/ada/*"}, "NumericLessThanEquals": {"s3:max-keys": "10"}}
    place.policy(allow("s3:ListBucket", place.arn, Condition=only))
    listed = place.other.list_objects_v2(Bucket=place.bucket, Prefix="home/ada/", MaxKeys=10)["Contents"]
    assert [one["Key"] for one in listed] == ["home/ada/1"]
    for given in ({"Prefix": "home/ada/"}, {"Prefix": "home/bob/", "MaxKeys": 10}, {"MaxKeys": 10}):
        assert refused(place.other.list_objects_v2, Bucket=place.bucket, **given) == DENIED


def test_tags_of_a_public_object(place: Place) -> None:
    """get_tags_acl_public, put_tags_acl_public and delete_tags_obj_public of ceph/s3-tests."""
    place.tag(k="public")
    at = {"Bucket": place.bucket, "Key": "k"}
    calls: dict[str, tuple[Any, dict[str, Any]]] = {
        "s3:GetObjectTagging": (place.other.get_object_tagging, at),
        "s3:PutObjectTagging": (place.other.put_object_tagging, {**at, "Tagging": tags("other")}),
        "s3:DeleteObjectTagging": (place.other.delete_object_tagging, at),
    }
    for action in calls:
        place.policy(allow(action, place.objects))
        for name, (call, given) in calls.items():
            if name == action:
                call(**given)
            else:
                assert refused(call, **given) == DENIED
    assert place.owner.get_object_tagging(**at)["TagSet"] == []
