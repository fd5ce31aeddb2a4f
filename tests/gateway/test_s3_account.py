"""The public access block of an account, ListBuckets, and buckets that a crash has left, as clients see them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.entities.bucket import Bucket, BucketState
from carnet.entities.new_buckets import NewBuckets
from carnet.gateway.buckets import owners as buckets
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store, refusal

PATH = "/v20180820/configuration/publicAccessBlock"
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("account"), s3_new_buckets=NewBuckets.LEGACY) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    return shared


def control(store: Store) -> Any:
    """A client that does not put the account in front of the host, which has no name here."""
    client = store.server.client("s3control", *store.key)

    def without_account(request: Any, **_: Any) -> None:
        request.url = re.sub(r"//[0-9]{12}\.", "//", request.url)

    client.meta.events.register("before-sign.s3-control.*", without_account)
    return client


def block(store: Store, **switches: bool) -> None:
    control(store).put_public_access_block(AccountId=store.account, PublicAccessBlockConfiguration=switches)


def test_the_switches_of_an_account(store: Store) -> None:
    client, account = control(store), store.account
    error = refusal(client.get_public_access_block, AccountId=account)
    assert (error["Code"], error["status"]) == ("NoSuchPublicAccessBlockConfiguration", 404)
    block(store, IgnorePublicAcls=True)
    block(store, BlockPublicPolicy=True, RestrictPublicBuckets=True)
    assert client.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    assert store.events()[-2]["eventName"] == "PutPublicAccessBlock"
    client.delete_public_access_block(AccountId=account)
    client.delete_public_access_block(AccountId=account)
    assert refusal(client.get_public_access_block, AccountId=account)["status"] == 404
    assert not store.s3.requests


def test_the_switches_of_an_account_bind_its_buckets(store: Store) -> None:
    client = store.client()
    document = json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]})
    store.s3.objects[f"/{BUCKET}/k"] = b"hello"
    block(store, BlockPublicPolicy=True)
    assert refusal(client.put_bucket_policy, Bucket=BUCKET, Policy=document)["Code"] == "AccessDenied"
    control(store).delete_public_access_block(AccountId=store.account)
    client.put_bucket_policy(Bucket=BUCKET, Policy=document)
    assert store.send("GET", f"/{BUCKET}/k", signed=False).status == 200
    block(store, RestrictPublicBuckets=True)
    assert store.send("GET", f"/{BUCKET}/k", signed=False).status == 403
    control(store).delete_public_access_block(AccountId=store.account)
    client.delete_bucket_policy(Bucket=BUCKET)


def test_who_may_not_set_them(store: Store) -> None:
    control(store).delete_public_access_block(AccountId=store.account)
    store.allow({"Effect": "Allow", "Action": "s3:GetAccountPublicAccessBlock", "Resource": "*"})
    error = refusal(
        control(store).put_public_access_block,
        AccountId=store.account,
        PublicAccessBlockConfiguration={"BlockPublicAcls": True},
    )
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert "s3:PutAccountPublicAccessBlock" in error["Message"]
    assert store.events()[-1]["errorCode"] == "AccessDenied"
    assert refusal(control(store).get_public_access_block, AccountId=store.account)["status"] == 404
    store.allow({"Effect": "Allow", "Action": "s3:PutAccountPublicAccessBlock", "Resource": "*"})
    assert refusal(control(store).get_public_access_block, AccountId=store.account)["Code"] == "AccessDenied"
    error = refusal(control(store).get_public_access_block, AccountId="111122223333")
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Access Denied")


SWITCHES = (
    b'<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/">'
    b"<BlockPublicAcls>false</BlockPublicAcls></PublicAccessBlockConfiguration>"
)
BODY = b'<PublicAccessBlockConfiguration xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"/>'


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PUT", PATH, b"", "MalformedXML"),
        ("PUT", PATH, b"<Other/>", "MalformedXML"),
        ("PUT", PATH, BODY.replace(b"/>", b"><Other>true</Other></PublicAccessBlockConfiguration>"), "MalformedXML"),
        ("PUT", PATH, b"<!DOCTYPE a>" + BODY, "MalformedXML"),
        ("PUT", PATH, BODY, "InvalidRequest"),
        ("PUT", PATH, SWITCHES, ""),
        ("POST", PATH, b"", "NotImplemented"),
        ("GET", f"{PATH}?x=y", b"", "NotImplemented"),
        ("GET", f"{PATH}/", b"", "NotImplemented"),
        ("PUT", "/v20180820/jobs", b"", "NotImplemented"),
    ],
)
def test_what_is_asked_in_another_way(store: Store, method: str, path: str, body: bytes, code: str) -> None:
    answer = store.send(method, path, body, {"x-amz-account-id": store.account})
    assert answer.code == code
    assert (answer.status == 200) == (not code)
    assert not store.s3.requests


def test_a_wrong_signature_sets_nothing(store: Store) -> None:
    control(store).delete_public_access_block(AccountId=store.account)
    headers = {"x-amz-account-id": store.account}
    signed = store.signature("PUT", PATH, {"host": store.host, "x-amz-content-sha256": "0" * 64, **headers})
    answer = store.send("PUT", PATH, BODY, headers | {"x-amz-content-sha256": "0" * 64} | signed, signed=False)
    assert answer.code == "XAmzContentSHA256Mismatch"
    broken = {
        name: value[:-1] + ("1" if value[-1] == "0" else "0") if name == "authorization" else value
        for name, value in signed.items()
    }
    answer = store.send("PUT", PATH, BODY, headers | {"x-amz-content-sha256": "0" * 64} | broken, signed=False)
    assert answer.code == "SignatureDoesNotMatch"
    assert refusal(control(store).get_public_access_block, AccountId=store.account)["status"] == 404


def test_buckets_are_listed_from_owners(store: Store) -> None:
    """Whatever the upstream has beside them."""
    store.s3.objects["/somebodys"] = b""
    answer = store.client().list_buckets()
    names = {one["Name"] for one in answer["Buckets"]}
    assert BUCKET in names
    assert "somebodys" not in names
    assert len(answer["Owner"]["ID"]) == 64
    assert store.client().list_buckets(Prefix="z", MaxBuckets=1)["Buckets"] == []
    assert not store.s3.requests
    assert store.events()[-1]["eventName"] == "ListBuckets"


@pytest.mark.parametrize("there", [True, False])
def test_a_bucket_of_which_nobody_knows_is_asked_for(
    store: Store, there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The upstream broke down while it made one; it has it, or not."""
    name = f"broken-{there}".lower()
    store.s3.answers[f"PUT /{name}"] = Told(status=500)
    with pytest.raises(ClientError):
        store.client().create_bucket(Bucket=name)
    assert refusal(store.client().list_objects_v2, Bucket=name)["Code"] == "OperationAborted"
    if there:
        store.s3.objects[f"/{name}"] = b""
    monkeypatch.setattr(buckets, "UNSETTLED", timedelta(0))
    if there:
        store.client().list_objects_v2(Bucket=name)
    else:
        assert refusal(store.client().list_objects_v2, Bucket=name)["Code"] == "NoSuchBucket"
    found = store.server.installation.directory.snapshot.named(Bucket, f"arn:aws:s3:::{name}")
    assert (found.state if found is not None else None) == (BucketState.OWNED if there else None)


def test_new_buckets_are_made_as_the_setting_says(store: Store) -> None:
    store.client().create_bucket(Bucket="as-before", ACL="public-read")
    assert len(store.client().get_bucket_acl(Bucket="as-before")["Grants"]) == 2
    assert refusal(store.client().get_public_access_block, Bucket="as-before")["status"] == 404
