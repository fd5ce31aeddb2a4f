"""What is kept here of buckets, as boto3 asks for it, and who has access by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.services.accounts import NewAccounts, RootKey, create_accounts
from tests.gateway.fake_s3 import Sent, Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal

OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Iterator[Store]:
    """With an object and no bucket policy."""
    shared.renew()
    shared.s3.objects["/photos/k"] = b"hello"
    yield shared
    root = shared.server.client("s3")
    root.delete_bucket_policy(Bucket=BUCKET)


@pytest.fixture(scope="module")
def other(shared: Store) -> RootKey:
    """The root key of another account."""
    installation = shared.server.installation
    (key,) = create_accounts(
        installation.store,
        installation.keyring,
        installation.ids,
        NewAccounts(names=["other"], emails=["other@example.com"], partition="aws"),
        now=installation.clock(),
    )
    installation.directory.catch_up()
    return key


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def nobody(store: Store) -> Any:
    make: Any = boto3.client
    return make(
        "s3", endpoint_url=store.server.endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED)
    )


def test_a_bucket_policy_is_kept_and_told(store: Store) -> None:
    s3 = store.client()
    none = refusal(s3.get_bucket_policy, Bucket=BUCKET)
    assert (none["Code"], none["BucketName"]) == ("NoSuchBucketPolicy", BUCKET)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": OBJECTS}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(statement))
    event = store.events()[-1]
    assert (event["eventName"], event["requestParameters"]["bucketName"]) == ("PutBucketPolicy", BUCKET)
    assert json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"] == [statement]
    assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"] is False
    error = refusal(s3.put_object, Bucket=BUCKET, Key="k", Body=b"")
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")
    assert store.s3.requests == []
    assert refusal(s3.put_bucket_policy, Bucket=BUCKET, Policy="{")["Code"] == "MalformedPolicy"


def test_what_else_is_kept_is_told_as_s3_does(store: Store) -> None:
    s3 = store.client()
    assert s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] is True
    rules = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    acl = s3.get_bucket_acl(Bucket=BUCKET)
    assert acl["Grants"] == [
        {"Grantee": {"ID": acl["Owner"]["ID"], "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
    ]
    assert store.s3.requests == []


def test_everybody_reads_what_a_public_policy_lets_them(store: Store) -> None:
    root = store.server.client("s3")
    error = refusal(root.put_bucket_policy, Bucket=BUCKET, Policy=policy(EVERYBODY))
    assert error["Code"] == "AccessDenied"
    assert "BlockPublicPolicy" in error["Message"]
    block = root.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    root.delete_public_access_block(Bucket=BUCKET)
    try:
        root.put_bucket_policy(Bucket=BUCKET, Policy=policy(EVERYBODY))
        assert nobody(store).get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
        assert store.events()[-1]["userIdentity"]["accountId"] == "ANONYMOUS_PRINCIPAL"
        assert refusal(nobody(store).put_object, Bucket=BUCKET, Key="k", Body=b"")["Message"] == "Access Denied"
        assert store.s3.asked == ["GET /photos/k"]
    finally:
        root.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    assert refusal(nobody(store).get_object, Bucket=BUCKET, Key="k")["status"] == 403


def test_settings_of_nothing_open_nothing(store: Store) -> None:
    root = store.server.client("s3")
    before = root.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    error = refusal(root.put_public_access_block, Bucket=BUCKET, PublicAccessBlockConfiguration={})
    told = ("InvalidRequest", 400, "Must specify at least one configuration.")
    assert (error["Code"], error["status"], error["Message"]) == told
    assert root.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == before
    assert all(before.values())


def test_another_account_needs_both_sides(store: Store, other: RootKey) -> None:
    theirs = store.server.client("s3", other.access_key_id, other.secret_access_key)
    error = refusal(theirs.get_object, Bucket=BUCKET, Key="k")
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Access Denied")
    assert store.s3.requests == []
    principal = {"AWS": f"arn:aws:iam::{other.account}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": OBJECTS}
    store.server.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy(statement))
    assert theirs.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
    assert store.events()[-1]["recipientAccountId"] == store.account
    assert refusal(theirs.list_objects_v2, Bucket=BUCKET)["Message"] == "Access Denied"
    assert refusal(theirs.create_bucket, Bucket=BUCKET)["Code"] == "BucketAlreadyExists"
    error = refusal(theirs.get_object, Bucket=BUCKET, Key="k", ExpectedBucketOwner=other.account)
    assert error["Code"] == "AccessDenied"
    theirs.get_object(Bucket=BUCKET, Key="k", ExpectedBucketOwner=store.account)
    assert "x-amz-expected-bucket-owner" not in store.s3.requests[-1].headers


def test_the_source_of_a_copy_is_read_in_its_own_owners_account(store: Store, other: RootKey) -> None:
    theirs = store.server.client("s3", other.access_key_id, other.secret_access_key)
    theirs.create_bucket(Bucket="theirs")
    try:
        source = {"Bucket": BUCKET, "Key": "k"}
        assert refusal(theirs.copy_object, Bucket="theirs", Key="k", CopySource=source)["Message"] == "Access Denied"
        unknown = {"Bucket": "unowned", "Key": "k"}
        missing = refusal(theirs.copy_object, Bucket="theirs", Key="k", CopySource=unknown)
        assert (missing["Code"], missing.get("BucketName")) == ("NoSuchBucket", None), (
            "it is not the one that is written to"
        )
        assert "PUT /theirs/k" not in store.s3.asked
    finally:
        theirs.delete_bucket(Bucket="theirs")


def test_a_late_error_of_a_copy_is_no_success(store: Store) -> None:
    late = b'<?xml version="1.0"?>\n<Error><Code>InternalError</Code><Message>late</Message></Error>'
    store.s3.answers["PUT /photos/new"] = Told(body=late)
    with pytest.raises(ClientError, match="InternalError"):
        store.client().copy_object(Bucket=BUCKET, Key="new", CopySource={"Bucket": BUCKET, "Key": "k"})
    assert store.events()[-1]["errorCode"] == "InternalError"


def test_only_the_keys_that_may_be_deleted_are_sent(store: Store) -> None:
    deny = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{BUCKET}/secret/*"}
    store.allow(EVERYTHING, deny)
    result = b"<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>"
    store.s3.answers["POST /photos?delete"] = Told(body=result, headers={"x-amz-request-id": "theirs"})
    keys = [{"Key": "a"}, {"Key": "secret/b"}]
    answer = store.client().delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    assert answer["Deleted"] == [{"Key": "a"}]
    (error,) = answer["Errors"]
    assert (error["Key"], error["Code"]) == ("secret/b", "AccessDenied")
    assert "with an explicit deny" in error["Message"]
    (sent,) = store.s3.requests
    assert b"secret" not in sent.body
    assert "content-md5" in sent.headers
    event = store.events()[-1]
    assert event["additionalEventData"]["keysDenied"] == 1
    assert [one["verdict"] for one in event["additionalEventData"]["decisions"]] == ["allowed", "explicitDeny"]
    store.s3.requests.clear()
    answer = store.client().delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "secret/c"}]})
    assert [one["Key"] for one in answer["Errors"]] == ["secret/c"]
    assert store.s3.requests == []


def test_the_tags_of_an_object_are_looked_up_if_a_policy_asks(store: Store) -> None:
    open_ = {"StringEquals": {"s3:ExistingObjectTag/class": "open"}}
    store.allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": open_})
    tags = b"<Tagging><TagSet><Tag><Key>class</Key><Value>%s</Value></Tag></TagSet></Tagging>"
    store.s3.answers["GET /photos/k?tagging"] = Told(body=tags % b"open")
    assert store.client().get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"hello"
    store.s3.answers["GET /photos/k?tagging"] = Told(body=tags % b"closed")
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    store.s3.requests.clear()
    store.allow(EVERYTHING)
    store.client().get_object(Bucket=BUCKET, Key="k")
    assert store.s3.asked == ["GET /photos/k"]


def test_the_tags_of_one_object_do_not_open_another(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes its place before it is read."""
    open_ = {"StringEquals": {"s3:ExistingObjectTag/class": "open"}}
    read = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*", "Condition": open_}
    store.allow(read, {"Effect": "Allow", "Action": ["s3:PutObject", "s3:ListBucket"], "Resource": "*"})
    tags = b"<Tagging><TagSet><Tag><Key>class</Key><Value>open</Value></Tag></TagSet></Tagging>"
    asked = (
        lambda: store.client().get_object(Bucket=BUCKET, Key="k"),
        lambda: store.client().head_object(Bucket=BUCKET, Key="k"),
        lambda: store.client().copy_object(
            Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/k", TaggingDirective="REPLACE"
        ),
    )
    respond = store.s3.respond

    def replaced(sent: Sent) -> Told:
        told = respond(sent)
        if sent.what == "GET /photos/k?tagging":
            store.s3.objects["/photos/k"] = b"secret"
            return Told(body=tags)
        return told

    monkeypatch.setattr(store.s3, "respond", replaced)
    for ask in asked:
        for before in (b"hello", None):
            store.s3.objects.pop("/photos/k", None)
            if before is not None:
                store.s3.objects["/photos/k"] = before
            assert refusal(ask)["status"] == 503, before
    assert "/photos/copy" not in store.s3.objects
    store.s3.objects["/photos/k"] = b"secret"  # which it stays
    for ask in asked:
        ask()
    assert store.s3.objects["/photos/copy"] == b""


def test_who_may_list_on_a_condition_is_told_what_is_not_there_if_it_holds(store: Store) -> None:
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    for key, value, told in (
        ("s3:authType", "REST-HEADER", "NoSuchKey"),
        ("s3:authType", "POST", "AccessDenied"),
        ("s3:ResourceAccount", store.account, "NoSuchKey"),
        ("aws:ResourceTag/class", "open", "AccessDenied"),
    ):
        listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
        store.allow(read, {**listing, "Condition": {"StringEquals": {key: value}}})
        assert refusal(store.client().get_object, Bucket=BUCKET, Key="nothing")["Code"] == told, key


@pytest.mark.parametrize("key", ["aws:ResourceTag/class", "s3:BucketTag/class"])
def test_tags_of_buckets_meet_no_condition(store: Store, key: str) -> None:
    """As with AWS for a bucket without ABAC: the keys are in no request, and nobody is asked for tags."""
    read = {"Action": "s3:GetObject", "Resource": "*"}
    store.allow({"Effect": "Allow", **read, "Condition": {"StringEquals": {key: "open"}}})
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    assert store.s3.requests == []
    closed = {"Effect": "Deny", **read, "Condition": {"StringNotEquals": {key: "open"}}}
    store.allow({"Effect": "Allow", **read}, closed)
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    store.allow({"Effect": "Allow", **read, "Condition": {"Null": {key: "true"}}})
    store.client().get_object(Bucket=BUCKET, Key="k")


def test_tags_that_cannot_be_read_are_not_taken_for_none(store: Store) -> None:
    """Attack 19: a negated condition would hold."""
    closed = {"StringNotEquals": {"s3:ExistingObjectTag/class": "closed"}}
    store.allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": closed})
    for told in (Told(status=500), Told(status=403), Told(body=b"<Tagging"), Told(body=b"")):
        store.s3.answers["GET /photos/k?tagging"] = told
        error = refusal(store.client().get_object, Bucket=BUCKET, Key="k")
        assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503), told
    assert "GET /photos/k" not in store.s3.asked


def test_a_batch_of_no_keys_is_refused_in_the_words_of_s3(store: Store) -> None:
    store.allow({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    error = refusal(store.client().delete_objects, Bucket=BUCKET, Delete={"Objects": []})
    sentence = "The XML you provided was not well-formed or did not validate against our published schema"
    assert (error["Code"], error["Message"], error["status"]) == ("MalformedXML", sentence, 400)
    assert store.s3.requests == []


@pytest.mark.parametrize(("region", "told"), [("us-west-2", "us-west-2"), ("us-east-1", None)])
def test_the_region_of_a_bucket_is_told_as_it_was_made(store: Store, region: str, told: str | None) -> None:
    """Whatever the store says of it: most of them know of no Regions."""
    client, name = store.server.client("s3"), f"in-{region}"
    more: dict[str, Any] = {} if told is None else {"CreateBucketConfiguration": {"LocationConstraint": told}}
    client.create_bucket(Bucket=name, **more)
    store.s3.answers[f"GET /{name}?location"] = Told(body=b"<LocationConstraint>mars-1</LocationConstraint>")
    store.s3.answers[f"HEAD /{name}"] = Told(headers={"x-amz-bucket-region": "mars-1"})
    assert client.get_bucket_location(Bucket=name)["LocationConstraint"] == told
    head = client.head_bucket(Bucket=name)
    assert head["BucketRegion"] == region
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == region
