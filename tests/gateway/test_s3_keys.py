"""Objects that a key of KMS encrypts: who writes or reads one needs the key, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from carnet.gateway.upstreams.configured import UpstreamSettings
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal

COPIED = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
SELECTING = (
    b"<SelectObjectContentRequest><Expression>SELECT * FROM s3object</Expression><ExpressionType>SQL</ExpressionType>"
    b"<InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization>"
    b"</SelectObjectContentRequest>"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    return shared


def key_arn(store: Store) -> str:
    return f"arn:aws:kms:us-east-1:{store.account}:key/{KEY_ID}"


def encrypted(store: Store) -> None:
    """The upstream has an object that the key has encrypted."""
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=by_kms(key_arn(store)))


def by_kms(key: str, algorithm: str = "aws:kms") -> dict[str, str]:
    """What the head of an object says that a key has encrypted."""
    return {"x-amz-server-side-encryption": algorithm, "x-amz-server-side-encryption-aws-kms-key-id": key}


def deny(action: str, **more: object) -> dict[str, object]:
    return {"Effect": "Deny", "Action": action, "Resource": "*", **more}


def test_who_writes_with_a_key_may_use_it(store: Store) -> None:
    given = {"Bucket": BUCKET, "Key": "k", "Body": b"", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ID}
    store.client().put_object(**given)
    assert store.s3.requests[-1].headers["x-amz-server-side-encryption-aws-kms-key-id"] == KEY_ID
    store.allow(EVERYTHING, deny("kms:GenerateDataKey"))
    error = refusal(store.client().put_object, **given)
    assert error["Code"] == "AccessDenied"
    assert f'perform: kms:GenerateDataKey on resource: "{key_arn(store)}"' in error["Message"]
    assert len(store.s3.requests) == 1


def test_who_reads_what_a_key_encrypted_may_use_it(store: Store) -> None:
    encrypted(store)
    assert store.client().get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
    decisions = store.events()[-1]["additionalEventData"]["decisions"]
    assert [one["action"] for one in decisions] == ["s3:GetObject", "kms:Decrypt"]
    store.allow(EVERYTHING, deny("kms:Decrypt", Condition={"StringLike": {"kms:ViaService": "s3.*"}}))
    error = refusal(store.client().get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert store.events()[-1]["errorCode"] == "AccessDenied"


def test_a_key_that_the_upstream_does_not_tell(store: Store) -> None:
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers={"x-amz-server-side-encryption": "aws:kms"})
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "NotImplemented"


def test_a_default_key_is_refused_by_a_store_that_tells_no_keys(store: Store) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ID}}
    configuration = {"Rules": [rule]}
    call = store.client().put_bucket_encryption
    assert refusal(call, Bucket=BUCKET, ServerSideEncryptionConfiguration=configuration)["Code"] == "NotImplemented"
    assert store.s3.requests == []
    rule["ApplyServerSideEncryptionByDefault"] = {"SSEAlgorithm": "AES256"}
    call(Bucket=BUCKET, ServerSideEncryptionConfiguration=configuration)
    assert store.s3.asked == ["PUT /photos?encryption"]


# Copies

HEAD = "HEAD /photos/k"
SOURCE = {"CopySource": {"Bucket": BUCKET, "Key": "k"}}
OF_PART = {"PartNumber": 1, "UploadId": "u"}
PUT_PART = "PUT /photos/new?partNumber=1&uploadId=u"
COPIES = pytest.mark.parametrize(
    ("operation", "more", "sent"), [("copy_object", {}, "PUT /photos/new"), ("upload_part_copy", OF_PART, PUT_PART)]
)
NO_DECRYPT = deny("kms:Decrypt", Condition={"StringLike": {"kms:ViaService": "s3.*"}})


def copy(store: Store, operation: str = "copy_object", **more: Any) -> Any:
    store.s3.answers |= dict.fromkeys(("PUT /photos/new", PUT_PART), Told(body=COPIED))
    return partial(getattr(store.client(), operation), **{"Bucket": BUCKET, "Key": "new", **SOURCE, **more})


def head(headers: dict[str, str]) -> Told:
    """Of an object."""
    return Told(headers={"etag": '"e1"', "last-modified": "Thu, 26 Nov 2026 10:00:00 GMT", **headers})


@COPIES
@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_who_copies_what_a_key_encrypted_may_use_it(
    store: Store, operation: str, more: dict[str, Any], sent: str, algorithm: str
) -> None:
    store.s3.answers[HEAD] = head(by_kms(key_arn(store), algorithm))
    copy(store, operation, **more)()
    assert store.s3.asked == [HEAD, sent]
    decisions = store.events()[-1]["additionalEventData"]["decisions"]
    assert [one["action"] for one in decisions] == ["s3:PutObject", "s3:GetObject", "kms:Decrypt"]
    of_source = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}}
    for denied in (NO_DECRYPT, deny("kms:Decrypt", Condition=of_source)):
        store.renew(denied)
        store.s3.answers[HEAD] = head(by_kms(key_arn(store), algorithm))
        error = refusal(copy(store, operation, **more))
        assert (error["Code"], error["status"]) == ("AccessDenied", 403)
        assert "kms:Decrypt on the resource associated with this ciphertext with an explicit deny" in error["Message"]
        assert store.s3.asked == [HEAD]


@COPIES
def test_what_no_key_of_kms_encrypted_is_copied_without_one(
    store: Store, operation: str, more: dict[str, Any], sent: str
) -> None:
    store.renew(NO_DECRYPT)
    store.s3.answers[HEAD] = head({"x-amz-server-side-encryption": "AES256"})
    copy(store, operation, **more)()
    assert store.s3.asked == [HEAD, sent]


@COPIES
@pytest.mark.parametrize("status", [304, 400, 403, 405, 500])
def test_a_source_whose_head_is_not_told_is_not_copied(
    store: Store, operation: str, more: dict[str, Any], sent: str, status: int
) -> None:
    store.s3.answers[HEAD] = Told(status=status)
    error = refusal(copy(store, operation, **more))
    assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503)
    assert store.s3.asked == [HEAD]


@pytest.mark.parametrize("key", ["", "alias/mine", "arn:aws:kms:us-east-1:111122223333:alias/mine", "no key"])
def test_a_source_whose_key_is_not_told_is_not_copied(store: Store, key: str) -> None:
    store.s3.answers[HEAD] = head(by_kms(key))
    assert refusal(copy(store))["Code"] == "NotImplemented"
    assert store.s3.asked == [HEAD]


def test_the_key_of_another_account_has_to_consent_to_a_copy(store: Store) -> None:
    key = f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}"
    store.s3.answers[HEAD] = head(by_kms(key))
    assert refusal(copy(store))["Code"] == "AccessDenied"
    assert store.s3.asked == [HEAD]


def test_a_source_that_is_not_there_is_told_to_who_may_list_its_bucket(store: Store) -> None:
    assert refusal(copy(store))["Code"] == "NoSuchKey"
    store.renew(deny("s3:ListBucket"))
    error = refusal(copy(store))
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert store.s3.asked == [HEAD]


def test_the_version_that_is_copied_is_looked_up(store: Store) -> None:
    of_version = f"{HEAD}?versionId=v1"
    store.s3.answers |= {HEAD: head({}), of_version: head(by_kms(key_arn(store)))}
    store.allow(EVERYTHING, NO_DECRYPT)
    versioned = partial(copy, store, CopySource={"Bucket": BUCKET, "Key": "k", "VersionId": "v1"})
    assert refusal(versioned())["Code"] == "AccessDenied"
    store.s3.answers[of_version] = Told(status=404)
    assert refusal(versioned())["Code"] == "NoSuchVersion"
    store.s3.answers[of_version] = Told(status=405, headers={"x-amz-delete-marker": "true"})
    assert refusal(versioned())["Code"] == "InvalidRequest"
    assert store.s3.asked == [of_version] * 3


def test_the_head_of_what_a_customers_key_encrypted_is_asked_with_it(store: Store) -> None:
    store.s3.answers[HEAD] = head({"x-amz-server-side-encryption-customer-algorithm": "AES256"})
    given = {"algorithm": "AES256", "key": "a2V5", "key-md5": "bWQ1"}
    named = {f"x-amz-copy-source-server-side-encryption-customer-{name}": value for name, value in given.items()}
    store.s3.answers["PUT /photos/new"] = Told(body=COPIED)
    assert store.send("PUT", "/photos/new", headers={"x-amz-copy-source": "/photos/k", **named}).status == 200
    headers = store.s3.requests[0].headers
    assert {name: headers[f"x-amz-server-side-encryption-customer-{name}"] for name in given} == given


def test_an_upstream_that_tells_no_heads_copies_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_store(tmp_path) as store:
        store.renew()
        monkeypatch.setattr(UpstreamSettings, "does", lambda self, service, operation, given: operation != "HeadObject")
        assert refusal(copy(store))["Code"] == "NotImplemented"
        assert store.s3.asked == []


@COPIES
def test_no_other_object_is_copied_that_takes_the_place_of_the_source(
    store: Store, operation: str, more: dict[str, Any], sent: str
) -> None:
    at = datetime(2026, 11, 26, 10, tzinfo=UTC)
    store.s3.answers[HEAD] = head({})
    for held in ({}, {"IfMatch": '"e1"'}, {"IfMatch": "e1"}, {"IfMatch": "*"}, {"IfUnmodifiedSince": at}):
        copy(store, operation, **more, **{f"CopySource{name}": value for name, value in held.items()})()
        assert store.s3.requests[-1].headers["x-amz-copy-source-if-match"] == '"e1"'
    store.s3.requests.clear()
    for broken in ({"IfMatch": '"e2"'}, {"IfUnmodifiedSince": at - timedelta(seconds=1)}):
        error = refusal(
            copy(store, operation, **more, **{f"CopySource{name}": value for name, value in broken.items()})
        )
        assert (error["Code"], error["status"]) == ("PreconditionFailed", 412)
    assert store.s3.asked == [HEAD, HEAD]


@pytest.mark.parametrize("headers", [{"etag": ""}, {"etag": 'W/"e1"'}, {"last-modified": "of late"}])
def test_a_source_that_cannot_be_told_from_another_is_not_copied(store: Store, headers: dict[str, str]) -> None:
    store.s3.answers[HEAD] = head(headers)
    error = refusal(copy(store, CopySourceIfUnmodifiedSince=datetime(2026, 11, 26, 10, tzinfo=UTC)))
    assert error["Code"] == "ServiceUnavailable"
    assert store.s3.asked == [HEAD]


@pytest.mark.parametrize("named", ["", "alias/aws/s3"])
def test_who_names_no_key_uses_the_one_that_aws_has_made(store: Store, named: str) -> None:
    """A store that tells no keys is sent what was asked, and is not read from without a key that it tells."""
    given = {
        "Bucket": BUCKET,
        "Key": "k",
        "ServerSideEncryption": "aws:kms",
        **({"SSEKMSKeyId": named} if named else {}),
    }
    store.client().put_object(**given)
    assert store.s3.requests[-1].headers.get("x-amz-server-side-encryption-aws-kms-key-id", "") == named
    store.allow(EVERYTHING, deny("kms:GenerateDataKey"))
    assert refusal(store.client().put_object, **given)["Code"] == "AccessDenied"
    assert store.s3.asked == ["PUT /photos/k"]


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/photos/k?torrent", b""),
        ("POST", "/photos/k?select&select-type=2", SELECTING),
    ],
)
def test_content_in_another_form_is_not_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, method: str, target: str, body: bytes
) -> None:
    """Neither the ACL of the object nor the key that encrypts it is held to it, whatever the store's profile lists."""
    monkeypatch.setattr(UpstreamSettings, "does", lambda *_: True)
    refused = store.send(method, target, body)
    assert (refused.status, refused.code) == (501, "NotImplemented")
    assert b"Not decided, not sent on" in refused.body
    assert store.s3.requests == []
