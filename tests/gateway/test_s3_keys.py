"""Objects that a key of KMS encrypts: who writes or reads one needs the key, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal

KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


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
    headers = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": key_arn(store),
    }
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=headers)


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


def test_a_key_that_no_request_names_is_refused(store: Store) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ID}}
    configuration = {"Rules": [rule]}
    call = store.client().put_bucket_encryption
    assert refusal(call, Bucket=BUCKET, ServerSideEncryptionConfiguration=configuration)["Code"] == "NotImplemented"
    assert store.s3.requests == []
    rule["ApplyServerSideEncryptionByDefault"] = {"SSEAlgorithm": "AES256"}
    call(Bucket=BUCKET, ServerSideEncryptionConfiguration=configuration)
    assert store.s3.asked == ["PUT /photos?encryption"]
