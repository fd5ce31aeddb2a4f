"""The key that AWS has made, aws/s3: who asks for KMS and names no key uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.s3_keys.writing import (
    ALGORITHM,
    COPIED,
    KMS,
    MANAGED,
    NAMED,
    WITH_BUCKET_KEY,
    WRITES,
    by_key,
    decisions,
    managed,
    put,
    puts,
    told,
    write,
)
from tests.gateway.store import BUCKET, EVERYTHING, Store, refusal
from tests.gateway.test_forms import post, signed
from tests.gateway.test_s3_keys import by_kms, deny, head

NO_KEY = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}


@WRITES
@pytest.mark.parametrize("asked", ["aws:kms", "aws:kms:dsse", "default", "alias"])
def test_who_names_no_key_uses_the_one_that_aws_has_made(store: Store, operation: str, asked: str) -> None:
    if asked == "default":
        put(store, NO_KEY)
    own: dict[str, Any] = {} if asked == "default" else {"ServerSideEncryption": asked}
    if asked == "alias":
        own = {**KMS, "SSEKMSKeyId": MANAGED}
    store.allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})  # the key's policy allows the rest
    write(store, operation, **own)
    assert store.s3.requests[-1].headers[NAMED] == managed(store.account)
    assert "kms:GenerateDataKey" in decisions(store)
    assert ("kms:Decrypt" in decisions(store)) == (operation == "create_multipart_upload")
    assert "POST /" not in store.s3.asked, "no upstream is asked for it"
    of_object = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}}
    through_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    by_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": MANAGED}}
    for condition in ({}, {"Condition": of_object}, {"Condition": through_s3}, {"Condition": by_alias}):
        store.allow(EVERYTHING, deny("kms:GenerateDataKey", **condition))
        store.s3.requests.clear()
        error = refusal(write, store=store, operation=operation, **own)
        assert (error["Code"], error["status"]) == ("AccessDenied", 403)
        assert "perform: kms:GenerateDataKey on resource" in error["Message"]
        assert store.s3.requests == []


def test_dual_layer_encryption_has_no_key_of_the_bucket(store: Store) -> None:
    """Whoever may use the key for that object alone may not be let in by the context of the whole bucket."""
    of_object = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}}
    store.allow(EVERYTHING, deny("kms:*", Condition=of_object))
    own: dict[str, Any] = {"ServerSideEncryption": "aws:kms:dsse", "BucketKeyEnabled": True}
    assert refusal(write, store=store, operation="put_object", **own)["Code"] == "AccessDenied"
    assert puts(store) == []
    sealed = by_kms(managed(store.account), "aws:kms:dsse")
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers={**sealed, WITH_BUCKET_KEY: "true"})
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"


def test_a_default_without_a_key_is_shown_without_one(store: Store) -> None:
    for rule in (NO_KEY, by_key("")):
        put(store, rule)
        assert told(store) == [{**NO_KEY, "BucketKeyEnabled": False}]
    assert store.s3.requests == []


def test_a_form_that_names_no_key_uses_the_one_that_aws_has_made(store: Store) -> None:
    def sent() -> int:
        return post(store, signed(store, "k", {ALGORITHM: "aws:kms"})).status

    assert sent() == 204
    assert store.s3.requests[-1].headers[NAMED] == managed(store.account)
    store.allow(EVERYTHING, deny("kms:GenerateDataKey"))
    store.s3.requests.clear()
    assert sent() == 403
    assert store.s3.requests == []


@pytest.mark.parametrize("named", [MANAGED, "alias/aws/sns"])
def test_the_key_that_aws_has_made_for_another_account_or_service_is_refused(store: Store, named: str) -> None:
    account = "999988887777" if named == MANAGED else store.account
    key = f"arn:aws:kms:us-east-1:{account}:{named}"
    error = refusal(write, store=store, operation="put_object", **KMS, SSEKMSKeyId=key)
    assert error["Code"] == "AccessDenied"
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=by_kms(key))
    error = refusal(store.client().get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    associated = "kms:Decrypt on the resource associated with this ciphertext because no resource-based policy allows"
    assert (associated in error["Message"]) == (account == store.account), error["Message"]
    assert puts(store) == []


@pytest.mark.parametrize("is_told", [True, False])
def test_who_reads_by_the_key_that_aws_has_made(store: Store, is_told: bool) -> None:
    headers = by_kms(managed(store.account)) if is_told else {ALGORITHM: "aws:kms"}
    store.s3.answers |= {"GET /photos/k": Told(body=b"hello", headers=headers), "HEAD /photos/source": head(headers)}

    def copied() -> Any:
        store.s3.answers["PUT /photos/k"] = Told(body=COPIED)
        return store.client().copy_object(Bucket=BUCKET, Key="k", CopySource={"Bucket": BUCKET, "Key": "source"})

    store.allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    assert store.client().get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
    assert decisions(store) == ["s3:GetObject", "kms:Decrypt"]
    copied()
    caller = {"StringEquals": {"kms:CallerAccount": store.account}}
    for denied in (deny("kms:Decrypt"), deny("kms:Decrypt", Condition=caller)):
        store.allow(EVERYTHING, denied)
        for read in (lambda: store.client().get_object(Bucket=BUCKET, Key="k"), copied):
            error = refusal(read)
            assert (error["Code"], error["status"]) == ("AccessDenied", 403)


@pytest.mark.parametrize("headers", [{ALGORITHM: "aws:kms:dsse"}, by_kms("alias/aws/s3"), by_kms("alias/mine")])
def test_an_object_whose_key_is_not_told_is_not_read(store: Store, headers: dict[str, str]) -> None:
    """Of aws:kms:dsse the store does not tell the key that a request has named."""
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=headers)
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "NotImplemented"


@pytest.mark.parametrize("algorithm", ["AWS:KMS", "aws:fsx", "kms"])
def test_an_algorithm_that_amazon_s3_does_not_have_is_not_sent(store: Store, algorithm: str) -> None:
    assert store.send("PUT", "/photos/k", headers={ALGORITHM: algorithm}).code == "InvalidArgument"
    assert store.s3.requests == []


def test_an_account_writes_to_the_bucket_of_another_by_its_own_key(store: Store, other: tuple[str, str]) -> None:
    """An alias is of who asks: the owner of the bucket does not read what its writer's key has encrypted."""
    theirs, root = store.server.client("s3", *other), store.server.client("s3")
    account = store.server.client("sts", *other).get_caller_identity()["Account"]
    let_in = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    root.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": let_in}))
    store.s3.requests.clear()
    theirs.put_object(Bucket=BUCKET, Key="k", **KMS)
    assert store.s3.requests[-1].headers[NAMED] == managed(account)
    error = refusal(theirs.put_object, Bucket=BUCKET, Key="k", **KMS, SSEKMSKeyId=managed(store.account))
    assert error["Code"] == "AccessDenied"
    assert len(puts(store)) == 1
    for key, reader, refused in (
        (managed(account), theirs, root),
        (managed(store.account), root, theirs),
        ("", root, theirs),
    ):
        headers = by_kms(key) if key else {ALGORITHM: "aws:kms"}
        store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=headers)
        assert reader.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
        assert refusal(refused.get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    root.delete_bucket_policy(Bucket=BUCKET)


def test_who_has_not_signed_writes_with_no_key(store: Store) -> None:
    root = store.server.client("s3")
    root.delete_public_access_block(Bucket=BUCKET)
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    root.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": anybody}))
    store.s3.requests.clear()
    refused = store.send("PUT", "/photos/k", headers={ALGORITHM: "aws:kms"}, signed=False)
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert store.s3.requests == []
    assert store.send("PUT", "/photos/k", signed=False).status == 200
    root.delete_bucket_policy(Bucket=BUCKET)
