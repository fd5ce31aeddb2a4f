"""Requests through access points: which are sent on, as what, and what is decided of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from carnet.entities.access_point import AccessPoint
from tests.gateway.control import control, through
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store, another_account, refusal

NAME = "reports"
VPC_NAME = "inside"
DELETED = b"<DeleteResult><Deleted><Key>k</Key></Deleted></DeleteResult>"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("through")) as made:
        client, root = control(made, root_key(made)), made.account
        open_ = dict.fromkeys(("BlockPublicPolicy", "RestrictPublicBuckets"), False)
        client.create_access_point(AccountId=root, Name=NAME, Bucket=BUCKET, PublicAccessBlockConfiguration=open_)
        client.create_access_point(AccountId=root, Name="second", Bucket=BUCKET)
        client.create_access_point(
            AccountId=root, Name=VPC_NAME, Bucket=BUCKET, VpcConfiguration={"VpcId": "vpc-1a2b3c4d"}
        )
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    shared.s3.objects[f"/{BUCKET}/k"] = b"hello"
    return shared


def root_key(store: Store) -> tuple[str, str]:
    return (store.server.root.access_key_id, store.server.root.secret_access_key)


def arn(store: Store, name: str = NAME) -> str:
    return f"arn:aws:s3:us-east-1:{store.account}:accesspoint/{name}"


def alias(store: Store, name: str = NAME) -> str:
    point = store.server.installation.directory.snapshot.accounts[store.account].of(AccessPoint).get(arn(store, name))
    assert point is not None
    return point.alias


@pytest.fixture(scope="module")
def other(shared: Store) -> tuple[str, str]:
    """The key of the root user of another account."""
    return another_account(shared)


def account_of(store: Store, key: tuple[str, str]) -> str:
    found: str = store.server.client("sts", *key).get_caller_identity()["Account"]
    return found


def document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def put_policy(store: Store, statement: Mapping[str, Any]) -> None:
    store.server.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=document(statement))


def allow(action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_an_arn_is_a_bucket_to_clients(store: Store) -> None:
    client = through(store)
    assert client.get_object(Bucket=arn(store), Key="k")["Body"].read() == b"hello"
    client.put_object(Bucket=arn(store), Key="a/b c", Body=b"new")
    assert store.s3.objects[f"/{BUCKET}/a/b%20c"] == b"new"
    client.delete_object(Bucket=arn(store), Key="a/b c")
    assert [one.target.partition("?")[0] for one in store.s3.requests] == [
        f"/{BUCKET}/k",
        f"/{BUCKET}/a/b%20c",
        f"/{BUCKET}/a/b%20c",
    ]


def test_the_alias_is_a_bucket_too(store: Store) -> None:
    for client in (store.client(), through(store)):
        assert client.get_object(Bucket=alias(store), Key="k")["Body"].read() == b"hello"
    store.allow(allow("s3:GetObject", f"arn:aws:s3:::{alias(store)}/*"))
    assert refusal(store.client().get_object, Bucket=alias(store), Key="k")["status"] == 403


def test_the_event_tells_access_point_and_bucket(store: Store) -> None:
    through(store).get_object(Bucket=arn(store), Key="k")
    event = store.events()[-1]
    assert [(one["type"], one["ARN"]) for one in event["resources"]] == [
        ("AWS::S3::Object", f"arn:aws:s3:::{BUCKET}/k"),
        ("AWS::S3::Bucket", f"arn:aws:s3:::{BUCKET}"),
        ("AWS::S3::AccessPoint", arn(store)),
    ]
    assert event["requestParameters"]["bucketName"] == BUCKET


@pytest.mark.parametrize("resource", ["arn:aws:s3:us-east-1:{account}:accesspoint/reports/object/*"])
def test_policies_name_the_access_point(store: Store, resource: str) -> None:
    """Neither what allows the bucket alone allows it, nor what is of another access point."""
    store.allow(allow("s3:GetObject", resource.format(account=store.account)))
    assert through(store).get_object(Bucket=arn(store), Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert refusal(through(store).get_object, Bucket=arn(store, "second"), Key="k")["status"] == 403
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["status"] == 403
    store.allow(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))
    error = refusal(through(store).get_object, Bucket=arn(store), Key="k")
    told = f'on resource: "{arn(store)}/object/k" because no identity-based policy allows the s3:GetObject action'
    assert told in error["Message"]


def test_what_denies_in_the_bucket_denies_it_through_the_access_point(store: Store) -> None:
    store.renew({"Effect": "Deny", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/secret"})
    store.s3.objects |= {f"/{BUCKET}/secret": b"s", f"/{BUCKET}/k": b"hello"}
    assert refusal(through(store).get_object, Bucket=arn(store), Key="secret")["status"] == 403
    through(store).get_object(Bucket=arn(store), Key="k")


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("put_bucket_policy", {"Policy": "{}"}),
        ("delete_bucket", {}),
        ("put_bucket_acl", {"ACL": "private"}),
        ("get_bucket_versioning", {}),
        ("put_bucket_tagging", {"Tagging": {"TagSet": []}}),
    ],
)
def test_what_no_access_point_takes(store: Store, operation: str, members: Mapping[str, Any]) -> None:
    for bucket in (arn(store), alias(store)):
        error = refusal(getattr(through(store), operation), Bucket=bucket, **members)
        assert (error["Code"], error["status"]) == ("MethodNotAllowed", 405)
    assert not store.s3.requests


def test_what_there_is_not(store: Store) -> None:
    client = through(store)
    for bucket in ("absent-0123456789abcdef0123456789abcdef01-s3alias",):
        assert refusal(client.get_object, Bucket=bucket, Key="k")["Code"] == "NoSuchAccessPoint"
    assert refusal(client.get_object, Bucket=arn(store, "absent"), Key="k")["Code"] == "NoSuchBucket"
    host = f"absent-{store.account}.s3-accesspoint.us-east-1.localhost"
    assert store.send("GET", "/k", headers={"host": host}).code == "NoSuchAccessPoint"
    host = f"{NAME}-{store.account}.s3-accesspoint.eu-west-1.localhost"
    assert store.send("GET", "/k", headers={"host": host}).code == "NoSuchAccessPoint"
    assert not store.s3.requests


@pytest.mark.parametrize("host", ["s3-accesspoint.us-east-1.amazonaws.com", "s3-accesspoint.localhost", "localhost"])
def test_hosts(store: Store, host: str) -> None:
    headers = {"host": f"{NAME}-{store.account}.{host}"}
    assert store.send("GET", "/k", headers=headers).body == b"hello"
    store.allow(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))
    assert store.send("GET", "/k", headers=headers).status == 403


def test_a_host_that_names_an_account_leads_to_nobody_elses_bucket(store: Store, other: tuple[str, str]) -> None:
    """Who makes a bucket of the name of an access point that is gone gets nothing of what is sent to it."""
    name = f"gone-{store.account}"
    store.server.client("s3", *other).create_bucket(Bucket=name)
    assert store.send("PUT", "/k", b"content", {"host": f"{name}.localhost"}).code == "NoSuchAccessPoint"
    assert f"/{name}/k" not in store.s3.objects
    store.server.client("s3", *other).put_object(Bucket=name, Key="k", Body=b"own")
    store.client().create_bucket(Bucket=f"own-{store.account}")
    assert store.send("PUT", "/k", b"content", {"host": f"own-{store.account}.localhost"}).status == 200


def test_a_bucket_is_made_in_a_host_that_looks_like_an_access_point(store: Store) -> None:
    name = f"made-{store.account}"
    assert store.send("PUT", "/", headers={"host": f"{name}.localhost"}).status == 200
    assert f"/{name}" in store.s3.objects


def test_copies_by_access_point(store: Store) -> None:
    client, source = through(store), {"Bucket": arn(store), "Key": "k"}
    store.s3.answers[f"GET /{BUCKET}/k?tagging"] = Told(body=b"<Tagging><TagSet/></Tagging>")
    store.allow(
        allow("s3:GetObject", f"{arn(store)}/object/*"), allow("s3:PutObject", f"{arn(store, 'second')}/object/*")
    )
    client.copy_object(Bucket=arn(store, "second"), Key="copy", CopySource=source)
    sent = store.s3.requests[-1]
    assert (sent.target.partition("?")[0], sent.headers["x-amz-copy-source"]) == (f"/{BUCKET}/copy", f"{BUCKET}/k")
    assert [one["ARN"] for one in store.events()[-1]["resources"][2:]] == [arn(store, "second"), arn(store)]
    client.copy_object(Bucket=alias(store, "second"), Key="copy", CopySource=f"{alias(store)}/k")
    for copied in ({"Bucket": BUCKET, "Key": "k"}, {"Bucket": arn(store, "second"), "Key": "k"}):
        assert refusal(client.copy_object, Bucket=arn(store, "second"), Key="copy", CopySource=copied)["status"] == 403
    assert refusal(client.copy_object, Bucket=arn(store), Key="copy", CopySource=source)["status"] == 403
    absent = {"Bucket": arn(store, "absent"), "Key": "k"}
    assert refusal(client.copy_object, Bucket=BUCKET, Key="copy", CopySource=absent)["Code"] == "NoSuchAccessPoint"


def test_batches_through_an_access_point(store: Store) -> None:
    store.allow(allow("s3:DeleteObject", f"{arn(store)}/object/k"))
    store.s3.answers[f"POST /{BUCKET}?delete"] = Told(body=DELETED)
    answer = through(store).delete_objects(Bucket=arn(store), Delete={"Objects": [{"Key": "k"}, {"Key": "other"}]})
    assert [one["Key"] for one in answer["Errors"]] == ["other"]
    assert b"<Key>k</Key>" in store.s3.requests[-1].body
    assert b"other" not in store.s3.requests[-1].body


def test_presigned_urls_of_an_access_point(store: Store) -> None:
    host = f"{NAME}-{store.account}.localhost"
    asked = AWSRequest(method="GET", url=f"http://{host}/k")
    S3SigV4QueryAuth(Credentials(*store.key), "s3", "us-east-1", expires=60).add_auth(asked)
    target = str(asked.url).removeprefix(f"http://{host}")
    assert store.send("GET", target, headers={"host": host}, signed=False).body == b"hello"
    store.renew({"Effect": "Deny", "Action": "*", "Resource": arn(store) + "/*"})
    assert store.send("GET", target, headers={"host": host}, signed=False).status == 403


def test_who_has_not_signed(store: Store) -> None:
    """The access point's policy and the bucket's both have to be for everybody."""
    client, host = control(store, root_key(store)), f"{NAME}-{store.account}.localhost"
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    delegated = {"StringEquals": {"s3:DataAccessPointAccount": store.account}}
    assert store.send("GET", "/k", headers={"host": host}, signed=False).status == 403
    put_policy(store, {**everybody, "Resource": f"arn:aws:s3:::{BUCKET}/*", "Condition": delegated})
    assert store.send("GET", "/k", headers={"host": host}, signed=False).status == 403
    text = document({**everybody, "Resource": f"{arn(store)}/object/*"})
    store.server.client("s3").delete_public_access_block(Bucket=BUCKET)
    client.put_access_point_policy(AccountId=store.account, Name=NAME, Policy=text)
    try:
        assert store.send("GET", "/k", headers={"host": host}, signed=False).body == b"hello"
        assert store.send("GET", f"/{alias(store)}/k", signed=False).body == b"hello"
        assert store.send("GET", f"/{BUCKET}/k", signed=False).status == 403
        client.put_public_access_block(
            AccountId=store.account, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
        )
        assert store.send("GET", "/k", headers={"host": host}, signed=False).status == 403
    finally:
        client.delete_public_access_block(AccountId=store.account)
        client.delete_access_point_policy(AccountId=store.account, Name=NAME)
        store.server.client("s3").delete_bucket_policy(Bucket=BUCKET)


def test_an_access_point_in_another_account(store: Store, other: tuple[str, str]) -> None:
    """The bucket leaves it to the other account whom its access point lets in."""
    client, account = control(store, other), account_of(store, other)
    made = client.create_access_point(AccountId=account, Name="theirs", Bucket=BUCKET, BucketAccountId=store.account)[
        "AccessPointArn"
    ]
    assert refusal(through(store, other).get_object, Bucket=made, Key="k")["status"] == 403
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {"StringEquals": {"s3:DataAccessPointAccount": account}},
    }
    put_policy(store, statement)
    assert through(store, other).get_object(Bucket=made, Key="k")["Body"].read() == b"hello"
    assert refusal(store.server.client("s3", *other).get_object, Bucket=BUCKET, Key="k")["status"] == 403
    assert refusal(through(store).get_object, Bucket=made, Key="k")["status"] == 403
    of_alice = {"Principal": {"AWS": f"arn:aws:iam::{store.account}:user/alice"}, "Action": "s3:GetObject"}
    text = document({"Effect": "Allow", "Resource": f"{made}/object/*", **of_alice})
    client.put_access_point_policy(AccountId=account, Name="theirs", Policy=text)
    assert through(store).get_object(Bucket=made, Key="k")["Body"].read() == b"hello"
    store.server.client("s3").delete_bucket_policy(Bucket=BUCKET)
    client.delete_access_point(AccountId=account, Name="theirs")


def test_a_bucket_that_somebody_else_makes_anew_is_not_reached(store: Store, other: tuple[str, str]) -> None:
    own, account = store.server.client("s3"), account_of(store, other)
    own.create_bucket(Bucket="passed-on")
    made = control(store, other).create_access_point(
        AccountId=account, Name="left-over", Bucket="passed-on", BucketAccountId=store.account
    )["AccessPointArn"]
    own.delete_bucket(Bucket="passed-on")
    assert refusal(through(store, other).list_objects_v2, Bucket=made)["Code"] == "NoSuchBucket"
    store.server.client("s3", *other).create_bucket(Bucket="passed-on")
    assert refusal(through(store, other).list_objects_v2, Bucket=made)["Code"] == "NoSuchBucket"


def test_an_access_point_of_a_vpc_is_for_nobody_who_does_not_come_from_there(store: Store) -> None:
    error = refusal(through(store).get_object, Bucket=arn(store, VPC_NAME), Key="k")
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert "with an explicit deny in a resource-based policy" in error["Message"]
    assert not store.s3.requests


def test_no_form_is_posted_to_an_access_point(store: Store) -> None:
    fields = {"key": "posted", "file": "content"}
    parts = [f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    body = "".join([*parts, "--b--\r\n"]).encode()
    headers = {"content-type": "multipart/form-data; boundary=b"}
    for target, host in ((f"/{alias(store)}", store.host), ("/", f"{NAME}-{store.account}.localhost")):
        answer = store.send("POST", target, body, {**headers, "host": host}, signed=False)
        assert (answer.status, answer.code) == (405, "MethodNotAllowed")
    assert not store.s3.requests


def test_conditions_on_the_access_point(store: Store) -> None:
    on = {"s3:DataAccessPointArn": arn(store), "s3:DataAccessPointAccount": store.account}
    store.allow(
        allow("s3:GetObject", "*", Condition={"StringEquals": {**on, "s3:AccessPointNetworkOrigin": "Internet"}})
    )
    through(store).get_object(Bucket=arn(store), Key="k")
    assert refusal(through(store).get_object, Bucket=arn(store, "second"), Key="k")["status"] == 403
    assert refusal(store.client().get_object, Bucket=BUCKET, Key="k")["status"] == 403


def test_what_is_not_there_is_told_to_who_may_list_through_it(store: Store) -> None:
    store.allow(allow("s3:GetObject", f"{arn(store)}/object/*"))
    assert refusal(through(store).get_object, Bucket=arn(store), Key="absent")["status"] == 403
    store.allow(allow("s3:GetObject", f"{arn(store)}/object/*"), allow("s3:ListBucket", arn(store)))
    assert refusal(through(store).get_object, Bucket=arn(store), Key="absent")["Code"] == "NoSuchKey"
