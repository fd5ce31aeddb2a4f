"""A bucket whose objects a key of KMS encrypts by default: who writes without naming a key needs that one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnet.entities.operator_token import OperatorScope
from carnet.gateway.s3 import default_encryption
from carnet.gateway.upstreams import Mode, UpstreamSettings
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, another_account, refusal
from tests.gateway.test_forms import post, signed
from tests.gateway.test_operated import HERE, run
from tests.gateway.test_s3_keys import KEY_ID, by_kms, deny, head, key_arn
from tests.server.own_api.calling import operator_token

ENCRYPTION = f"PUT /{BUCKET}?encryption"
NAMED, WITH_BUCKET_KEY = (
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
)
ALGORITHM = "x-amz-server-side-encryption"
MADE = b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
COPIED = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
CONFIGURATION = (
    b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
    b"<KMSMasterKeyID>%s</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
)
AES256 = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3"), "moto") as made:
        yield made


@pytest.fixture(scope="module")
def other(shared: Store) -> tuple[str, str]:
    """The key of the root user of another account."""
    return another_account(shared)


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    shared.s3.answers[f"DELETE /{BUCKET}?encryption"] = Told(status=204)
    shared.client().delete_bucket_encryption(Bucket=BUCKET)
    shared.s3.requests.clear()
    return shared


def by_key(key: str, **more: Any) -> dict[str, Any]:
    return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}, **more}


def put(store: Store, rule: dict[str, Any], *more: dict[str, Any]) -> None:
    store.client().put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule, *more]})


def told(store: Store) -> list[dict[str, Any]]:
    answer = store.client().get_bucket_encryption(Bucket=BUCKET)
    rules: list[dict[str, Any]] = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return rules


def decisions(store: Store) -> list[str]:
    return [one["action"] for one in store.events()[-1]["additionalEventData"]["decisions"]]


def write(store: Store, operation: str, **more: Any) -> Any:
    store.s3.answers |= {
        "POST /photos/k?uploads": Told(body=MADE),
        "HEAD /photos/source": head({}),
    }
    if operation == "copy_object":
        store.s3.answers["PUT /photos/k"] = Told(body=COPIED)
        more["CopySource"] = {"Bucket": BUCKET, "Key": "source"}
    return getattr(store.client(), operation)(Bucket=BUCKET, Key="k", **more)


def test_the_key_is_kept_here_and_shown(store: Store) -> None:
    for key in (KEY_ID, key_arn(store)):
        put(store, by_key(key, BucketKeyEnabled=True))
        assert told(store) == [by_key(key, BucketKeyEnabled=True)]
    assert store.s3.requests == [], "no upstream is told of it"


WRITES = pytest.mark.parametrize("operation", ["put_object", "copy_object", "create_multipart_upload"])


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


ALIAS = "alias/mine"


def alias_of(store: Store, key: str) -> None:
    """The upstream has the alias, of a key."""
    store.s3.answers["POST /"] = Told(body=json.dumps({"KeyMetadata": {"Arn": key}}).encode())


def puts(store: Store) -> list[str]:
    return [one for one in store.s3.asked if one.startswith("PUT")]


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


def test_an_alias_of_another_account_does_not_tell_its_key(store: Store) -> None:
    foreign = f"arn:aws:kms:us-east-1:999988887777:key/{KEY_ID}"
    alias_of(store, foreign)
    own = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:aws:kms:us-east-1:999988887777:alias/theirs"}
    error = refusal(write, store=store, operation="put_object", **own)
    assert error["Code"] == "AccessDenied"
    assert KEY_ID not in error["Message"]
    assert puts(store) == []


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
def test_what_a_request_says_itself_takes_the_place_of_the_default(store: Store, own: dict[str, str]) -> None:
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


# The key that AWS has made, aws/s3

MANAGED = "alias/aws/s3"
KMS = {"ServerSideEncryption": "aws:kms"}


def managed(account: str) -> str:
    return f"arn:aws:kms:us-east-1:{account}:{MANAGED}"


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


NO_KEY = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}


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
    assert store.send("PUT", "/photos/k", headers={ALGORITHM: "aws:kms"}, signed=False).status == 403
    assert store.s3.requests == []
    assert store.send("PUT", "/photos/k", signed=False).status == 200
    root.delete_bucket_policy(Bucket=BUCKET)
