"""What blocks public access before SeaweedFS, what is public, ACLs, and who owns objects: asked from two accounts.

The scenarios are those of the tests of the public access block, of the policy status and of object ownership in
ceph/s3-tests, by whose names they go. Where those expect what Amazon S3 does not do, Amazon S3 is right:
GetBucketPolicyStatus tells of the policy alone, and a bucket without one has no status.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.bucket_place import DENIED, Place, allow, before_seaweedfs, deny, refused

NO_POLICY = (404, "NoSuchBucketPolicy")
NO_ACLS = (400, "AccessControlListNotSupported")
PUBLIC = ("public-read", "public-read-write", "authenticated-read")
ALL = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with before_seaweedfs(tmp_path_factory.mktemp("public"), "--s3-new-buckets", "legacy") as place:
        yield place


@pytest.fixture
def place(first: Place) -> Place:
    return first.another()


def is_public(place: Place) -> bool:
    told: bool = place.owner.get_bucket_policy_status(Bucket=place.bucket)["PolicyStatus"]["IsPublic"]
    return told


def test_get_bucket_policy_status(place: Place) -> None:
    assert refused(place.owner.get_bucket_policy_status, Bucket=place.bucket) == NO_POLICY


@pytest.mark.parametrize("acl", PUBLIC)
def test_get_public_acl_bucket_policy_status(place: Place, acl: str) -> None:
    """An ACL is no policy."""
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL=acl)
    assert refused(place.owner.get_bucket_policy_status, Bucket=place.bucket) == NO_POLICY


def test_get_publicpolicy_acl_bucket_policy_status(place: Place) -> None:
    place.policy(allow("s3:ListBucket", [place.arn, place.objects], Principal={"AWS": "*"}))
    assert is_public(place)


def test_get_nonpublicpolicy_acl_bucket_policy_status(place: Place) -> None:
    only = {"IpAddress": {"aws:SourceIp": "10.0.0.0/32"}}
    place.policy(allow("s3:ListBucket", [place.arn, place.objects], Condition=only))
    assert not is_public(place)


def test_get_nonpublicpolicy_principal_bucket_policy_status(place: Place) -> None:
    place.policy(allow("s3:ListBucket", place.arn, Principal={"AWS": f"arn:aws:iam::{place.other_account}:root"}))
    assert not is_public(place)


def test_get_undefined_public_block(place: Place) -> None:
    gone = (404, "NoSuchPublicAccessBlockConfiguration")
    assert refused(place.owner.get_public_access_block, Bucket=place.bucket) == gone
    place.block("BlockPublicAcls")
    place.owner.delete_public_access_block(Bucket=place.bucket)
    assert refused(place.owner.get_public_access_block, Bucket=place.bucket) == gone


def test_get_public_block_deny_bucket_policy(place: Place) -> None:
    place.block()
    place.policy(deny("s3:GetBucketPublicAccessBlock", place.arn))
    assert refused(place.owner.get_public_access_block, Bucket=place.bucket) == DENIED


@pytest.mark.parametrize("on", [(), *((one,) for one in ALL), ALL])
def test_put_public_block(place: Place, on: tuple[str, ...]) -> None:
    place.block(*on)
    told = place.owner.get_public_access_block(Bucket=place.bucket)["PublicAccessBlockConfiguration"]
    assert told == {name: name in on for name in ALL}


def test_block_public_put_bucket_acls(place: Place) -> None:
    place.block("BlockPublicAcls", "BlockPublicPolicy")
    for acl in PUBLIC:
        assert refused(place.owner.put_bucket_acl, Bucket=place.bucket, ACL=acl) == DENIED
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="private")


def test_block_public_object_canned_acls(place: Place) -> None:
    place.block("BlockPublicAcls")
    for acl in PUBLIC:
        assert refused(place.owner.put_object, Bucket=place.bucket, Key="k", Body=b"", ACL=acl) == DENIED
    place.put("k", ACL="bucket-owner-read")
    for acl in PUBLIC:
        assert refused(place.owner.put_object_acl, Bucket=place.bucket, Key="k", ACL=acl) == DENIED


def test_block_public_policy(place: Place) -> None:
    place.block("BlockPublicPolicy")
    with pytest.raises(place.owner.exceptions.ClientError, match="AccessDenied"):
        place.policy(allow("s3:GetObject", place.objects))


def test_block_public_policy_with_principal(place: Place) -> None:
    place.block("BlockPublicPolicy")
    place.put("k")
    place.policy(allow("s3:GetObject", place.objects, Principal={"AWS": f"arn:aws:iam::{place.other_account}:root"}))
    place.other.get_object(Bucket=place.bucket, Key="k")
    assert refused(place.nobody.get_object, Bucket=place.bucket, Key="k") == DENIED


def test_block_public_restrict_public_buckets(place: Place) -> None:
    place.put("k")
    place.policy(allow("s3:GetObject", place.objects))
    for caller in (place.owner, place.other, place.nobody):
        caller.get_object(Bucket=place.bucket, Key="k")
    place.block("RestrictPublicBuckets")
    place.owner.get_object(Bucket=place.bucket, Key="k")
    for caller in (place.other, place.nobody):
        assert refused(caller.get_object, Bucket=place.bucket, Key="k") == DENIED


def test_ignore_public_acls(place: Place) -> None:
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="public-read")
    place.put("k", ACL="public-read")
    place.other.list_objects(Bucket=place.bucket)
    assert place.other.get_object(Bucket=place.bucket, Key="k")["Body"].read() == b"k"
    place.block("IgnorePublicAcls")
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="public-read")
    for caller in (place.other, place.nobody):
        assert refused(caller.list_objects, Bucket=place.bucket) == DENIED
        assert refused(caller.get_object, Bucket=place.bucket, Key="k") == DENIED


def test_multipart_upload_on_a_bucket_with_policy(place: Place) -> None:
    place.policy(allow("*", [place.arn, place.objects]))
    upload = place.other.create_multipart_upload(Bucket=place.bucket, Key="k")["UploadId"]
    at = {"Bucket": place.bucket, "Key": "k", "UploadId": upload}
    sizes = (5 * 1024 * 1024, 1)
    etags = [
        place.other.upload_part(**at, PartNumber=number, Body=b"x" * size)["ETag"]
        for number, size in enumerate(sizes, 1)
    ]
    parts = [{"ETag": etag, "PartNumber": number} for number, etag in enumerate(etags, 1)]
    place.other.complete_multipart_upload(**at, MultipartUpload={"Parts": parts})
    assert place.other.head_object(Bucket=place.bucket, Key="k")["ContentLength"] == sum(sizes)


@pytest.mark.parametrize("ownership", ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
def test_create_bucket_with_object_ownership(place: Place, ownership: str) -> None:
    bucket = f"{place.bucket}-{ownership.lower()}"
    place.owner.create_bucket(Bucket=bucket, ObjectOwnership=ownership)
    told = place.owner.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert told == {"Rules": [{"ObjectOwnership": ownership}]}


def owned(place: Place, ownership: str) -> None:
    """Who owns objects from now on."""
    controls = {"Rules": [{"ObjectOwnership": ownership}]}
    place.owner.put_bucket_ownership_controls(Bucket=place.bucket, OwnershipControls=controls)


def test_put_bucket_ownership_bucket_owner_enforced(place: Place) -> None:
    """ACLs are of no use any more, and what they had allowed is not allowed."""
    place.put("k", ACL="public-read")
    place.nobody.get_object(Bucket=place.bucket, Key="k")
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="public-read")
    refusal = refused(
        place.owner.put_bucket_ownership_controls,
        Bucket=place.bucket,
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    )
    assert refusal == (400, "InvalidBucketAclWithObjectOwnership")
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL="private")
    owned(place, "BucketOwnerEnforced")
    assert refused(place.nobody.get_object, Bucket=place.bucket, Key="k") == DENIED
    assert refused(place.owner.put_object_acl, Bucket=place.bucket, Key="k", ACL="public-read") == NO_ACLS
    assert refused(place.owner.put_bucket_acl, Bucket=place.bucket, ACL="public-read") == NO_ACLS
    assert refused(place.owner.put_object, Bucket=place.bucket, Key="k", Body=b"", ACL="public-read") == NO_ACLS
    place.put("k", ACL="bucket-owner-full-control")


@pytest.mark.parametrize(
    ("ownership", "given", "owner"),
    [
        ("BucketOwnerPreferred", {}, "other"),
        ("BucketOwnerPreferred", {"ACL": "bucket-owner-full-control"}, "owner"),
        ("ObjectWriter", {"ACL": "bucket-owner-full-control"}, "other"),
        ("BucketOwnerEnforced", {"ACL": "bucket-owner-full-control"}, "owner"),
    ],
)
def test_whose_an_uploaded_object_is(place: Place, ownership: str, given: dict[str, str], owner: str) -> None:
    owned(place, ownership)
    place.policy(allow(["s3:PutObject", "s3:PutObjectAcl"], place.objects))
    place.other.put_object(Bucket=place.bucket, Key="k", Body=b"", **given)
    if ownership != "ObjectWriter" and not given:
        assert refused(place.owner.get_object, Bucket=place.bucket, Key="k") == DENIED
        return
    told = place.owner.get_object_acl(Bucket=place.bucket, Key="k")["Owner"]["ID"]
    assert told == {"owner": place.owner_id, "other": place.other_id}[owner]


def test_delete_bucket_ownership(place: Place) -> None:
    owned(place, "BucketOwnerPreferred")
    place.owner.delete_bucket_ownership_controls(Bucket=place.bucket)
    gone = (404, "OwnershipControlsNotFoundError")
    assert refused(place.owner.get_bucket_ownership_controls, Bucket=place.bucket) == gone


BY_ACL = {
    "private": (set[str](), set[str]()),
    "public-read": ({"other", "nobody"}, set[str]()),
    "public-read-write": ({"other", "nobody"}, {"other", "nobody"}),
    "authenticated-read": ({"other"}, set[str]()),
}
"""By the ACL of a bucket: who lists it, and who writes to it."""


@pytest.mark.parametrize("acl", BY_ACL)
def test_access_by_the_acl_of_a_bucket(place: Place, acl: str) -> None:
    """The ACL of a bucket lets nobody read its objects."""
    place.put("k")
    place.owner.put_bucket_acl(Bucket=place.bucket, ACL=acl)
    lists, writes = BY_ACL[acl]
    for name, caller in (("other", place.other), ("nobody", place.nobody)):
        at: dict[str, Any] = {"Bucket": place.bucket, "Key": f"of-{name}"}
        attempt(caller.list_objects_v2, name in lists, Bucket=place.bucket)
        attempt(caller.put_object, name in writes, **at, Body=b"")
        attempt(caller.get_object, False, Bucket=place.bucket, Key="k")


@pytest.mark.parametrize("acl", ["private", "public-read", "authenticated-read"])
def test_access_by_the_acl_of_an_object(place: Place, acl: str) -> None:
    place.put("k", ACL=acl)
    reads = BY_ACL[acl][0]
    for name, caller in (("other", place.other), ("nobody", place.nobody)):
        attempt(caller.get_object, name in reads, Bucket=place.bucket, Key="k")
        attempt(caller.list_objects_v2, False, Bucket=place.bucket)
        attempt(caller.put_object, False, Bucket=place.bucket, Key="k", Body=b"")


def attempt(call: Any, allowed: bool, **given: Any) -> None:
    """It is allowed, or else denied."""
    if allowed:
        call(**given)
    else:
        assert refused(call, **given) == DENIED
