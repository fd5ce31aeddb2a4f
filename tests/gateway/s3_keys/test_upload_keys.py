"""Uploads in parts that a key of KMS encrypts: who uploads a part needs the key, too, which is kept with the upload."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from carnet.base.faults import Unavailable
from carnet.entities.object_acl import ObjectAcl
from carnet.gateway.buckets import object_acls
from carnet.gateway.buckets.object_acl_change import MakeObject
from tests.gateway.fake_s3 import Told
from tests.gateway.s3_keys.writing import COPIED, KMS, MADE, by_key, decisions, managed, put
from tests.gateway.store import BUCKET, EVERYTHING, Store, refusal
from tests.gateway.test_s3_keys import KEY_ID, deny, head, key_arn

K = {"Bucket": BUCKET, "Key": "k"}
PART = {**K, "UploadId": "u", "PartNumber": 1}
BEGIN, SENT, ABORTED = "POST /photos/k?uploads", "PUT /photos/k?partNumber=1&uploadId=u", "DELETE /photos/k?uploadId=u"
COMPLETED = "POST /photos/k?uploadId=u"
WHOLE = b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
NO_DECRYPT = deny("kms:Decrypt")
BY_KEY = {**KMS, "SSEKMSKeyId": KEY_ID}


@pytest.fixture(autouse=True)
def uploads(store: Store) -> None:
    store.s3.answers |= {
        BEGIN: Told(body=MADE),
        SENT: Told(body=COPIED, headers={"etag": '"e"'}),
        ABORTED: Told(status=204),
        COMPLETED: Told(body=WHOLE),
        "HEAD /photos/source": head({}),
    }
    store.client().abort_multipart_upload(**K, UploadId="u")
    assert kept(store) == []
    store.s3.requests.clear()


def kept(store: Store) -> list[ObjectAcl]:
    installation = store.server.installation
    installation.directory.catch_up()
    return list(installation.directory.snapshot.accounts[store.account].of(ObjectAcl))


def begin(store: Store, **more: Any) -> None:
    store.client().create_multipart_upload(**K, **more)


def part(store: Store) -> Any:
    return partial(store.client().upload_part, **PART, Body=b"part")


def copied_part(store: Store) -> Any:
    return partial(store.client().upload_part_copy, **PART, CopySource={"Bucket": BUCKET, "Key": "source"})


def complete(store: Store, **of_part: str) -> Any:
    parts = {"Parts": [{"PartNumber": 1, "ETag": "e", **of_part}]}
    return partial(store.client().complete_multipart_upload, **K, UploadId="u", MultipartUpload=parts)


PARTS = pytest.mark.parametrize("upload", [part, copied_part])


@PARTS
@pytest.mark.parametrize("named", ["header", "default", "aws/s3"])
def test_who_uploads_a_part_may_use_the_key_of_the_upload(store: Store, upload: Any, named: str) -> None:
    if named == "default":
        put(store, by_key(KEY_ID))
    begin(store, **{"header": BY_KEY, "default": {}, "aws/s3": KMS}[named])
    store.client().delete_bucket_encryption(Bucket=BUCKET)
    upload(store)()
    assert decisions(store)[-1] == "kms:Decrypt"
    assert store.s3.asked[-1] == SENT
    key = managed(store.account) if named == "aws/s3" else key_arn(store)
    assert [one.key.arn for one in kept(store) if one.key] == [key]
    of_object = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}}
    through_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    store.s3.requests.clear()
    for more in ({"Condition": of_object}, {"Condition": through_s3}, {}):
        store.allow(EVERYTHING, {**NO_DECRYPT, **more})
        error = refusal(upload(store))
        assert (error["Code"], error["status"]) == ("AccessDenied", 403)
        assert "kms:Decrypt on the resource associated with this ciphertext with an explicit deny" in error["Message"]
    assert store.s3.requests == []


@PARTS
@pytest.mark.parametrize("own", [{}, {"ServerSideEncryption": "AES256"}])
def test_an_upload_without_a_key_needs_none(store: Store, upload: Any, own: dict[str, str]) -> None:
    begin(store, **own)
    assert kept(store) == []
    store.allow(EVERYTHING, NO_DECRYPT)
    upload(store)()
    assert store.s3.asked[-1] == SENT


def test_a_key_of_the_bucket_is_the_context_of_its_parts(store: Store) -> None:
    begin(store, **BY_KEY, BucketKeyEnabled=True)
    of_object = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}}
    store.allow(EVERYTHING, deny("kms:*", Condition=of_object))
    part(store)()
    of_bucket = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}"}}
    store.allow(EVERYTHING, deny("kms:*", Condition=of_bucket))
    assert refusal(part(store))["Code"] == "AccessDenied"


def test_who_compares_checksums_of_parts_may_use_the_key(store: Store) -> None:
    begin(store, **BY_KEY)
    store.allow(EVERYTHING, NO_DECRYPT)
    store.s3.requests.clear()
    assert refusal(complete(store, ChecksumCRC32="AAAAAA=="))["Code"] == "AccessDenied"
    assert refusal(complete(store), ChecksumSHA256="A" * 43 + "=")["Code"] == "AccessDenied"
    assert store.s3.requests == []
    complete(store)()
    assert store.s3.asked == [COMPLETED]


def test_the_key_goes_with_the_upload(store: Store) -> None:
    for over in (complete(store), partial(store.client().abort_multipart_upload, **K, UploadId="u")):
        begin(store, **BY_KEY)
        assert [one.upload for one in kept(store)] == ["u"]
        over()
        assert kept(store) == []


@pytest.mark.parametrize("is_aborted", [True, False])
def test_an_upload_whose_key_cannot_be_kept_is_aborted(
    store: Store, monkeypatch: pytest.MonkeyPatch, is_aborted: bool
) -> None:
    def full(self: MakeObject, unit: object, snapshot: object) -> None:
        raise Unavailable("The disk is full.")

    if not is_aborted:
        store.s3.answers[ABORTED] = Told(status=500)
    monkeypatch.setattr(MakeObject, "make", full)
    assert refusal(store.client().create_multipart_upload, **K, **BY_KEY)["status"] == 503
    assert store.s3.asked[:2] == [BEGIN, ABORTED]
    assert kept(store) == []


def test_a_store_that_tells_no_upload_begins_none_with_a_key(store: Store) -> None:
    store.s3.answers[BEGIN] = Told(body=b"<InitiateMultipartUploadResult/>")
    assert refusal(store.client().create_multipart_upload, **K, **BY_KEY)["status"] == 503


def test_so_many_uploads_with_keys_are_under_way_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_acls, "MOST_OBJECT_ACLS", 1)
    begin(store, **BY_KEY)
    store.s3.requests.clear()
    assert refusal(store.client().create_multipart_upload, **K, **BY_KEY)["Code"] == "InvalidRequest"
    assert store.s3.requests == []
    begin(store)
    assert store.s3.asked == [BEGIN]
