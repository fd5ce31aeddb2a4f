"""Keys that aliases name: the key that the alias is of is decided on, and sent."""

from __future__ import annotations

import json

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.s3_keys.writing import NAMED, by_key, decisions, put, puts, told, write
from tests.gateway.store import EVERYTHING, Store, refusal
from tests.gateway.test_s3_keys import KEY_ID, deny, key_arn

ALIAS = "alias/mine"


def alias_of(store: Store, key: str) -> None:
    """The upstream has the alias, of a key."""
    store.s3.answers["POST /"] = Told(body=json.dumps({"KeyMetadata": {"Arn": key}}).encode())


@pytest.mark.parametrize("named", ["default", "header"])
def test_a_key_that_an_alias_names_is_decided_on_and_sent(store: Store, named: str) -> None:
    alias_of(store, key_arn(store))
    own = {} if named == "default" else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": ALIAS}
    if named == "default":
        put(store, by_key(ALIAS))
        assert told(store) == [by_key(ALIAS, BucketKeyEnabled=False)]
    write(store, "put_object", **own)
    assert store.s3.requests[-1].headers[NAMED] == key_arn(store), "whatever the alias is of by then"
    assert decisions(store) == ["s3:PutObject", "kms:GenerateDataKey"]
    store.allow(EVERYTHING, deny("kms:*", Condition={"StringEquals": {"kms:RequestAlias": ALIAS}}))
    assert refusal(write, store=store, operation="put_object", **own)["Code"] == "AccessDenied"
    store.allow(EVERYTHING, {**deny("kms:GenerateDataKey"), "Resource": key_arn(store)})
    assert refusal(write, store=store, operation="put_object", **own)["Code"] == "AccessDenied"
    assert puts(store) == ["PUT /photos/k"]


def test_an_alias_that_is_not_there_is_told_to_who_may_use_it(store: Store) -> None:
    put(store, by_key(ALIAS))
    missing = {"__type": "NotFoundException", "message": "no"}
    store.s3.answers["POST /"] = Told(status=400, body=json.dumps(missing).encode())
    error = refusal(write, store=store, operation="put_object")
    assert (error["Code"], error["status"]) == ("KMS.NotFoundException", 400)
    store.allow(EVERYTHING, deny("kms:GenerateDataKey"))
    assert refusal(write, store=store, operation="put_object")["Code"] == "AccessDenied"
    store.s3.answers["POST /"] = Told(status=500)
    assert refusal(write, store=store, operation="put_object")["status"] == 503, "a look-up that fails is no key"
    assert puts(store) == []


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("aws/s3", "Invalid keyId 'aws/s3'"),
        (f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}", "Invalid arn eu-west-1"),
    ],
)
def test_what_is_no_key_here_is_told_as_aws_kms_tells_it(store: Store, named: str, told: str) -> None:
    error = refusal(write, store=store, operation="put_object", ServerSideEncryption="aws:kms", SSEKMSKeyId=named)
    assert (error["Code"], error["Message"], error["status"]) == ("KMS.NotFoundException", told, 400)
    assert puts(store) == []


def test_an_alias_of_another_account_does_not_tell_its_key(store: Store) -> None:
    foreign = f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}"
    alias_of(store, foreign)
    own = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:us-east-1:999988887777:alias/theirs"}
    error = refusal(write, store=store, operation="put_object", **own)
    assert error["Code"] == "AccessDenied"
    assert KEY_ID not in error["Message"]
    assert puts(store) == []
