"""A bucket whose objects a key of KMS encrypts by default: who writes without naming a key needs that one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from carnet.entities.operator_token import OperatorScope
from carnet.gateway.s3 import default_encryption
from carnet.gateway.upstreams.configured import Mode, UpstreamSettings
from tests.gateway.fake_s3 import Told
from tests.gateway.s3_keys.writing import (
    ALGORITHM,
    ENCRYPTION,
    NAMED,
    WITH_BUCKET_KEY,
    WRITES,
    by_key,
    decisions,
    managed,
    put,
    told,
    write,
)
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal
from tests.gateway.test_forms import post, signed
from tests.gateway.test_operated import HERE, run
from tests.gateway.test_s3_keys import KEY_ID, by_kms, deny, key_arn
from tests.server.own_api.calling import operator_token

CONFIGURATION = (
    b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
    b"<KMSMasterKeyID>%s</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
)
AES256 = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_key_is_kept_here_and_shown(store: Store) -> None:
    for key in (KEY_ID, key_arn(store)):
        put(store, by_key(key, BucketKeyEnabled=True))
        assert told(store) == [by_key(key, BucketKeyEnabled=True)]
    assert store.s3.requests == [], "no upstream is told of it"


@WRITES
@pytest.mark.parametrize("by_arn", [True, False])
def test_who_writes_by_the_default_may_use_the_key(store: Store, operation: str, by_arn: bool) -> None:
    put(store, by_key(key_arn(store) if by_arn else KEY_ID))
    write(store, operation)
    sent = store.s3.requests[-1]
    assert (sent.headers[ALGORITHM], sent.headers[NAMED]) == ("aws:kms", key_arn(store))
    assert WITH_BUCKET_KEY not in sent.headers
    assert "kms:GenerateDataKey" in decisions(store)
    assert ("kms:Decrypt" in decisions(store)) == (operation == "create_multipart_upload")
    of_object = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/k"}}
    through_s3 = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    for condition in (of_object, through_s3):
        store.allow(EVERYTHING, deny("kms:GenerateDataKey", Condition=condition))
        store.s3.requests.clear()
        error = refusal(write, store=store, operation=operation)
        assert (error["Code"], error["status"]) == ("AccessDenied", 403)
        assert f'perform: kms:GenerateDataKey on resource: "{key_arn(store)}"' in error["Message"]
        assert store.s3.requests == []


def test_a_form_uses_the_key_of_the_default(store: Store) -> None:
    put(store, by_key(KEY_ID))

    def sent() -> int:
        return post(store, signed(store, "k", {})).status

    assert sent() == 204
    assert store.s3.requests[-1].headers[NAMED] == key_arn(store)
    store.allow(EVERYTHING, deny("kms:GenerateDataKey"))
    store.s3.requests.clear()
    assert sent() == 403
    assert store.s3.requests == []


def test_the_key_of_another_account_has_to_consent(store: Store) -> None:
    put(store, by_key(f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}"))
    assert refusal(write, store=store, operation="put_object")["Code"] == "AccessDenied"
    assert store.s3.requests == []


@pytest.mark.parametrize(
    "own",
    [
        {"ServerSideEncryption": "AES256"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ID.replace("1234", "5678")},
    ],
)
def test_what_a_request_says_itself_takes_the_place_of_the_default(
    store: Store, monkeypatch: pytest.MonkeyPatch, own: dict[str, str]
) -> None:
    monkeypatch.setattr(UpstreamSettings, "does", lambda *_: True)  # moto ignores the keys of customers
    put(store, by_key(KEY_ID))
    store.allow(EVERYTHING, deny("kms:*", Resource=key_arn(store)))
    if "SSECustomerKey" in own:  # boto3 sends these over TLS alone
        headers = {f"{ALGORITHM}-customer-algorithm": "AES256"}
        assert store.send("PUT", "/photos/k", headers=headers).status == 200
    else:
        write(store, "put_object", **own)
    assert store.s3.requests[-1].headers.get(NAMED) == own.get("SSEKMSKeyId")


def test_headers_that_say_nothing_are_none(store: Store) -> None:
    """An empty header would be no encryption for the upstream."""
    put(store, by_key(KEY_ID))
    empty = {ALGORITHM: "", f"{ALGORITHM}-customer-algorithm": ""}
    answer = store.send("PUT", "/photos/k", headers=empty)
    assert answer.status == 200, answer.body
    assert store.s3.requests[-1].headers[NAMED] == key_arn(store)
    store.s3.requests.clear()
    assert store.send("PUT", "/photos/k", headers={NAMED: KEY_ID}).code == "InvalidArgument"
    assert store.s3.requests == []


def test_conditions_tell_what_the_request_says_and_not_the_default(store: Store) -> None:
    put(store, by_key(KEY_ID))
    absent = {"Null": {"s3:x-amz-server-side-encryption": "true"}}
    store.allow(EVERYTHING, deny("s3:PutObject", Condition=absent))
    assert refusal(write, store=store, operation="put_object")["Code"] == "AccessDenied"


def test_a_key_of_the_bucket_is_made_for_all_of_its_objects(store: Store) -> None:
    put(store, by_key(KEY_ID, BucketKeyEnabled=True))
    of_bucket = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}"}}
    of_objects = {"StringNotEquals": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}"}}
    store.allow(EVERYTHING, deny("kms:*", Condition=of_objects))
    for own in ({}, {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ID}):
        write(store, "put_object", **own)
        assert store.s3.requests[-1].headers[WITH_BUCKET_KEY] == "true"
        assert (
            refusal(write, store=store, operation="put_object", BucketKeyEnabled=False, **own)["Code"] == "AccessDenied"
        )
    sealed = by_kms(key_arn(store))
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers={**sealed, WITH_BUCKET_KEY: "true"})
    assert store.client().get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
    store.s3.answers["GET /photos/k"] = Told(body=b"hello", headers=sealed)
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    store.allow(EVERYTHING, deny("kms:*", Condition=of_bucket))
    assert refusal(write, store=store, operation="put_object")["Code"] == "AccessDenied"


def test_the_key_goes_once_the_upstream_has_what_takes_its_place(store: Store) -> None:
    put(store, by_key(KEY_ID))
    store.s3.answers[ENCRYPTION] = Told(status=500)
    assert refusal(put, store=store, rule=AES256)["status"] == 500
    assert told(store) == [by_key(KEY_ID, BucketKeyEnabled=False)]
    del store.s3.answers[ENCRYPTION]
    put(store, AES256)
    assert store.s3.asked == [ENCRYPTION] * 2
    write(store, "put_object")
    assert ALGORITHM not in store.s3.requests[-1].headers
    put(store, by_key(KEY_ID))
    store.client().delete_bucket_encryption(Bucket=BUCKET)
    store.s3.answers[f"GET /{BUCKET}?encryption"] = Told(status=404)
    assert refusal(told, store=store)["status"] == 404, "it is the upstream's answer"
    assert store.s3.asked[-2:] == [f"DELETE /{BUCKET}?encryption", f"GET /{BUCKET}?encryption"]


def test_who_may_not_change_it_does_not(store: Store) -> None:
    put(store, by_key(KEY_ID))
    store.allow(EVERYTHING, deny("s3:PutEncryptionConfiguration"))
    assert refusal(put, store=store, rule=by_key(key_arn(store)))["Code"] == "AccessDenied"
    assert refusal(put, store=store, rule=AES256)["Code"] == "AccessDenied"
    assert refusal(store.client().delete_bucket_encryption, Bucket=BUCKET)["Code"] == "AccessDenied"
    assert told(store) == [by_key(KEY_ID, BucketKeyEnabled=False)]
    assert store.s3.requests == []


def test_where_requests_are_only_recorded_nobody_takes_the_key_away_who_may_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, by_key(KEY_ID))
    store.allow(EVERYTHING, deny("s3:PutEncryptionConfiguration"), deny("kms:*"))
    monkeypatch.setattr(UpstreamSettings, "mode", Mode.RECORD)
    assert refusal(put, store=store, rule=AES256)["Code"] == "AccessDenied"
    assert refusal(store.client().delete_bucket_encryption, Bucket=BUCKET)["Code"] == "AccessDenied"
    assert store.s3.requests == []
    write(store, "put_object")
    assert store.s3.requests[-1].headers[NAMED] == key_arn(store)


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([by_key("arn:aws:kms:eu-west-1:111122223333:alias/mine")], "InvalidArgument"),
        ([by_key("no key")], "InvalidArgument"),
        ([by_key(f"arn:aws:kms:eu-west-1:111122223333:key/{KEY_ID}")], "InvalidArgument"),
        ([by_key(KEY_ID), by_key(KEY_ID)], "MalformedXML"),
        ([AES256, by_key(KEY_ID)], "MalformedXML"),
        (
            [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY_ID}}],
            "NotImplemented",
        ),
        (
            [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AWS:KMS", "KMSMasterKeyID": KEY_ID}}],
            "MalformedXML",
        ),
    ],
)
def test_a_key_that_cannot_be_read_is_not_kept(store: Store, rules: list[dict[str, Any]], code: str) -> None:
    store.s3.answers[f"GET /{BUCKET}?encryption"] = Told(status=404)
    assert refusal(lambda: put(store, *rules))["Code"] == code
    assert store.s3.requests == []
    assert refusal(told, store=store)["status"] == 404


def test_a_store_that_does_not_tell_keys_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_store(tmp_path) as store:
        store.renew()
        error = refusal(put, store=store, rule=by_key(KEY_ID))
        assert error["Code"] == "NotImplemented"
        assert "which key of AWS KMS" in error["Message"]
        assert store.s3.requests == []
        with monkeypatch.context() as patched:  # as if the bucket's store had been another one then
            patched.setattr(default_encryption, "refuse_untold", lambda settings: None)
            put(store, by_key(KEY_ID))
        assert refusal(store.client().put_object, Bucket=BUCKET, Key="k")["Code"] == "NotImplemented"
        assert store.s3.requests == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (KEY_ID, "adopted"),
        (f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}", "adopted"),
        ("", "adopted"),
        (f"arn:aws:kms:eu-west-1:999988887777:key/{KEY_ID}", "refused"),
    ],
)
def test_a_bucket_that_is_adopted_keeps_its_key(
    store: Store, monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    monkeypatch.setenv("CARNET_OPERATOR_TOKEN", operator_token(store.server, *OperatorScope).text)
    name = f"sealed-{len(key)}-{said}"
    store.s3.answers |= {
        f"GET /{name}?location": HERE,
        f"GET /{name}?encryption": Told(body=CONFIGURATION % key.encode()),
    }
    result = run(store, "adopt", "--upstream", "moto", "--account", store.account, name)
    assert result.output.startswith(f"{name}  {said}")
    if key in ("", KEY_ID):
        store.client().put_object(Bucket=name, Key="k")
        assert store.s3.requests[-1].headers[NAMED] == (key_arn(store) if key else managed(store.account))
    elif said == "adopted":
        assert refusal(store.client().put_object, Bucket=name, Key="k")["Code"] == "AccessDenied", "it has to consent"
