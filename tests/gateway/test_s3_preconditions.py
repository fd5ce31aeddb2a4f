"""Writes and deletes with preconditions: who may ask for them, and which stores are held to keep them."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, FlexibleChecksumError

from carnet.gateway.upstreams.configured import read_upstreams
from carnet.gateway.upstreams.probe.s3_preconditions import preconditions
from carnet.gateway.upstreams.profile import shipped_profiles
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal
from tests.gateway.test_s3_keys import KEY_ID, by_kms, deny, key_arn

K = {"Bucket": BUCKET, "Key": "k"}
ETAG = '"0123456789abcdef0123456789abcdef"'
PARTS = {"Parts": [{"PartNumber": 1, "ETag": "e"}]}
WHOLE = b"<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    shared.s3.objects["/photos/k"] = b"there"
    shared.s3.answers |= {
        "POST /photos/k?uploadId=u": Told(body=WHOLE),
        "POST /photos?delete": Told(body=b"<DeleteResult/>"),
    }
    return shared


WRITES = pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("put_object", {**K, "IfMatch": ETAG}),
        ("complete_multipart_upload", {**K, "UploadId": "u", "MultipartUpload": PARTS, "IfMatch": ETAG}),
        ("delete_object", {**K, "IfMatch": ETAG}),
    ],
)


@WRITES
def test_who_compares_an_etag_may_read_the_object(store: Store, operation: str, given: dict[str, Any]) -> None:
    call = getattr(store.client(), operation)
    call(**given)
    assert store.s3.requests[-1].headers["if-match"] == ETAG
    store.s3.requests.clear()
    store.s3.objects["/photos/k"] = b"there"
    store.allow(EVERYTHING, deny("s3:GetObject"))
    error = refusal(call, **given)
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert "perform: s3:GetObject on resource" in error["Message"]
    assert store.s3.requests == []
    call(**{name: value for name, value in given.items() if name != "IfMatch"})


def test_whether_there_is_an_object_is_no_content_of_it(store: Store) -> None:
    store.allow(EVERYTHING, deny("s3:GetObject"))
    store.client().put_object(**K, IfNoneMatch="*")
    store.client().delete_object(**K, IfMatch="*")
    assert [sent.headers.get("if-none-match", sent.headers.get("if-match")) for sent in store.s3.requests] == ["*", "*"]


def test_each_etag_of_a_batch_is_decided(store: Store) -> None:
    store.allow(EVERYTHING, {**deny("s3:GetObject"), "Resource": f"arn:aws:s3:::{BUCKET}/b"})
    listed = [{"Key": "a", "ETag": ETAG}, {"Key": "b", "ETag": ETAG}, {"Key": "b"}]
    answer = store.client().delete_objects(Bucket=BUCKET, Delete={"Objects": listed})
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("b", "AccessDenied")]
    (sent,) = store.s3.requests
    assert (sent.body.count(b"<ETag>"), sent.body.count(b"<Key>b</Key>")) == (1, 1)


def test_the_etag_of_a_version_needs_the_permission_to_read_versions(store: Store) -> None:
    store.allow(EVERYTHING, deny("s3:GetObjectVersion"))
    error = refusal(store.client().delete_object, **K, VersionId="v1", IfMatch=ETAG)
    assert "perform: s3:GetObjectVersion on resource" in error["Message"]
    assert store.s3.requests == []


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("put_object", {**K, "IfNoneMatch": "*"}),
        ("put_object", {**K, "IfMatch": ETAG}),
        ("copy_object", {**K, "CopySource": f"{BUCKET}/source", "IfNoneMatch": "*"}),
        ("delete_object", {**K, "IfMatch": ETAG}),
        ("delete_object", {**K, "IfMatchSize": 5}),
        ("delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "k", "ETag": ETAG}]}}),
        ("delete_objects", {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "k", "Size": 5}]}}),
    ],
)
def test_a_store_that_ignores_a_precondition_is_asked_for_none(
    ignoring: Store, operation: str, given: dict[str, Any]
) -> None:
    """It would overwrite or delete all the same, and a policy may allow that because of the precondition alone."""
    ignoring.renew()
    ignoring.s3.answers["HEAD /photos/source"] = Told(headers={"etag": ETAG})
    error = refusal(getattr(ignoring.client(), operation), **given)
    assert (error["Code"], error["status"]) == ("NotImplemented", 501)
    assert [one for one in ignoring.s3.asked if not one.startswith("HEAD")] == []


@pytest.fixture(scope="module")
def ignoring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3"), "rclone") as made:
        yield made


def test_reads_have_preconditions_everywhere(ignoring: Store) -> None:
    ignoring.renew()
    ignoring.s3.objects["/photos/k"] = b"there"
    assert ignoring.client().get_object(**K, IfMatch=ETAG)["Body"].read() == b"there"


def test_what_no_store_is_known_to_hold_to_is_not_sent(store: Store) -> None:
    copied = {**K, "CopySource": f"{BUCKET}/k", "IfMatch": ETAG}
    assert refusal(store.client().copy_object, **copied)["Code"] == "NotImplemented"
    assert refusal(store.client().put_object, **K, WriteOffsetBytes=5)["status"] == 501
    sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ID, "SSEKMSEncryptionContext": "e30="}
    assert refusal(store.client().put_object, **K, **sealed)["Code"] == "NotImplemented"
    assert store.s3.requests == []


def test_the_checksum_of_what_a_key_encrypts_needs_the_key(store: Store) -> None:
    checksum = {"x-amz-checksum-crc32": "AAAAAA=="}
    store.s3.answers["HEAD /photos/k"] = Told(headers={**by_kms(key_arn(store)), **checksum})
    store.client().head_object(**K, ChecksumMode="ENABLED")
    store.allow(EVERYTHING, deny("kms:Decrypt"))
    assert refusal(store.client().head_object, **K, ChecksumMode="ENABLED")["status"] == 403
    store.s3.answers["HEAD /photos/k"] = Told(headers=by_kms(key_arn(store)))
    store.client().head_object(**K)


class Holds:
    """A store that holds the preconditions of some operations, and ignores others."""

    def __init__(self, *operations: str) -> None:
        self._operations = operations
        self._objects: dict[str, bytes] = {}

    def __call__(self, operation: str, **given: Any) -> Any:
        key = given.get("Key", "")
        if operation in self._operations:
            self._hold(operation, key, given)
        if operation == "GetObject":
            self._hold(operation, key, {"IfMatch": "*"})
            return {"Body": BytesIO(self._objects[key])}
        if operation == "DeleteObjects":
            return self._deleted(given["Delete"]["Objects"][0])
        if operation == "DeleteObject":
            self._objects.pop(key, None)
        elif operation in ("PutObject", "CopyObject", "CompleteMultipartUpload"):
            self._objects[key] = given.get("Body", b"new")
            return {"ETag": self._etag(key)}
        return {"UploadId": "u", "ETag": "e"}

    def _etag(self, key: str) -> str:
        return f'"{md5(self._objects[key], usedforsecurity=False).hexdigest()}"'

    def _hold(self, operation: str, key: str, given: dict[str, Any]) -> None:
        wanted, is_there = given.get("IfMatch"), key in self._objects
        broken = wanted is not None and (not is_there or wanted not in ("*", self._etag(key)))
        if broken or (given.get("IfNoneMatch") and is_there):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, operation)

    def _deleted(self, one: dict[str, Any]) -> Any:
        if "DeleteObjects" in self._operations and one["ETag"] != self._etag(one["Key"]):
            return {"Errors": [{"Key": one["Key"], "Code": "PreconditionFailed"}]}
        del self._objects[one["Key"]]
        return {"Deleted": [{"Key": one["Key"]}]}


def test_the_probe_tells_what_is_held_from_what_is_ignored() -> None:
    assert list(preconditions(Holds(), "b")) == []
    assert list(preconditions(Holds("DeleteObject", "DeleteObjects"), "b")) == [
        "DeleteObject.IfMatch",
        "DeleteObjects.IfMatch",
    ]
    every = Holds("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "DeleteObjects")
    assert set(preconditions(every, "b")) == shipped_profiles()["seaweedfs"].preconditions


def test_the_probe_takes_no_refusal_of_everything_for_a_precondition() -> None:
    def refusing(operation: str, **given: Any) -> Any:
        if "IfMatch" in given or "IfNoneMatch" in given:
            raise ClientError({"Error": {"Code": "NotImplemented"}}, operation)
        return Holds()(operation, **given)

    assert list(preconditions(refusing, "b")) == []


def test_the_probe_looks_at_what_became_of_the_object() -> None:
    """A store may do what it refuses."""
    store = Holds()

    def lying(operation: str, **given: Any) -> Any:
        answer = store(operation, **given)
        if given.get("IfNoneMatch") and not given["Key"].endswith("-new"):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, operation)
        return answer

    assert list(preconditions(lying, "b")) == []


def test_what_a_profile_holds_is_asked_by_operation() -> None:
    (moto,) = read_upstreams("moto=http://127.0.0.1:1", {})
    assert moto.does("s3", "CompleteMultipartUpload", {"IfNoneMatch": "*"})
    assert not moto.does("s3", "CompleteMultipartUpload", {"IfMatch": ETAG})
    assert not moto.does("s3", "DeleteObjects", {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "ETag": ETAG}]}})


def test_the_probe_goes_on_if_a_store_tells_a_wrong_checksum() -> None:
    """As LocalStack does of an object that a copy with a precondition took the place of."""
    holds = ("CompleteMultipartUpload", "DeleteObject", "DeleteObjects", "PutObject")
    store = Holds(*holds)

    def wrong(operation: str, **given: Any) -> Any:
        if operation == "GetObject" and str(given["Key"]).startswith("CopyObject"):
            raise FlexibleChecksumError(error_msg="Expected checksum a did not match calculated checksum: b")
        return store(operation, **given)

    found = list(preconditions(wrong, "b"))
    assert found == list(preconditions(Holds(*holds), "b"))
    assert "PutObject.IfNoneMatch" in found
