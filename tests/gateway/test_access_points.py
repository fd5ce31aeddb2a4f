"""Access points as clients see them: they are made, read, listed and deleted, with their policies and tags."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.gateway.s3 import access_point_operations
from tests.gateway.control import control
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal

OTHER = "111122223333"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("access-points")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    client = control(shared)
    for one in client.list_access_points(AccountId=shared.account)["AccessPointList"]:
        client.delete_access_point(AccountId=shared.account, Name=one["Name"])
    return shared


def make(store: Store, name: str = "reports", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = control(store).create_access_point(
        **{"AccountId": store.account, "Name": name, "Bucket": BUCKET, **more}
    )
    return made


def arn(store: Store, name: str = "reports") -> str:
    return f"arn:aws:s3:us-east-1:{store.account}:accesspoint/{name}"


def document(store: Store, **more: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{store.account}:user/alice"},
        "Action": "s3:GetObject",
        "Resource": f"{arn(store)}/object/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": statement | more})


def named(store: Store, **more: Any) -> dict[str, Any]:
    return {"AccountId": store.account, "Name": "reports", **more}


def test_one_is_made_read_listed_and_deleted(store: Store) -> None:
    made, client = make(store), control(store)
    assert made["AccessPointArn"] == arn(store)
    assert made["Alias"].startswith("reports-")
    assert made["Alias"].endswith("-s3alias")
    assert len(made["Alias"]) <= 63
    known = {
        "Name": "reports",
        "Bucket": BUCKET,
        "NetworkOrigin": "Internet",
        "AccessPointArn": arn(store),
        "Alias": made["Alias"],
        "BucketAccountId": store.account,
    }
    read = client.get_access_point(**named(store))
    assert {name: read[name] for name in known} == known
    assert set(read["PublicAccessBlockConfiguration"].values()) == {True}
    assert read["Endpoints"]["ipv4"] == "s3-accesspoint.us-east-1.amazonaws.com"
    assert client.list_access_points(AccountId=store.account)["AccessPointList"] == [known]
    assert client.list_access_points(AccountId=store.account, Bucket="another")["AccessPointList"] == []
    assert client.delete_access_point(**named(store))["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert client.list_access_points(AccountId=store.account)["AccessPointList"] == []
    for call in (client.get_access_point, client.delete_access_point):
        error = refusal(call, **named(store))
        assert (error["Code"], error["status"]) == ("NoSuchAccessPoint", 404)
        assert (error["Message"], error["AccessPointName"]) == ("The specified accesspoint does not exist", "reports")
    assert not store.s3.requests


def test_the_events_tell_what_was_asked(store: Store) -> None:
    made = make(store, Tags=[{"Key": "team", "Value": "secret"}])
    event = store.events()[-1]
    assert event["eventName"] == "CreateAccessPoint"
    assert event["requestParameters"] == {"AccountId": store.account, "Bucket": BUCKET, "Name": "reports"}
    assert event["responseElements"] == {"AccessPointArn": arn(store), "Alias": made["Alias"]}
    refusal(control(store).get_access_point, **named(store, Name="absent"))
    assert (store.events()[-1]["errorCode"], store.events()[-1]["requestParameters"]["Name"]) == (
        "NoSuchAccessPoint",
        "absent",
    )


def test_the_switches_are_on_if_nothing_is_said(store: Store) -> None:
    """What AWS was seen to do: a block that is given has its other switches off."""
    make(store, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    found = control(store).get_access_point(**named(store))["PublicAccessBlockConfiguration"]
    assert [name for name, on in found.items() if on] == ["BlockPublicAcls"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((name, "InvalidURI") for name in ("a" * 51, "with_line", "UPPER", "xn-_x")),
        *((name, "InvalidRequest") for name in ("a.b", "-abc", "abc-", "abc-s3alias", "xn--abc", "amzn-s3-demo-abc")),
        *((name, "") for name in ("abc", "a" * 50, "0-9")),
    ],
)
def test_names(store: Store, name: str, code: str) -> None:
    if code:
        error = refusal(make, store=store, name=name)
        assert (error["Code"], error["status"]) == (code, 400)
    else:
        assert len(make(store, name)["Alias"]) <= 63
        control(store).delete_access_point(AccountId=store.account, Name=name)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"Bucket": "absent"}, "Amazon S3 AccessPoint can only be created for existing bucket"),
        (
            {"BucketAccountId": OTHER},
            "BucketAccountId parameter should be same as the AWS Account Id of bucket owner",
        ),
        (
            {"Scope": {"Permissions": ["GetObject"]}},
            "Scope is only supported for access points attached to directory buckets.",
        ),
        ({"VpcConfiguration": {"VpcId": "no vpc"}}, "Request invalid"),
    ],
)
def test_what_is_no_access_point(store: Store, more: dict[str, Any], sentence: str) -> None:
    error = refusal(make, store=store, **more)
    assert (error["Code"], error["Message"]) == ("InvalidRequest", sentence)


def test_the_bucket_has_to_be_of_the_region(store: Store) -> None:
    client = control(store, region="eu-west-1")
    error = refusal(client.create_access_point, **named(store, Bucket=BUCKET))
    assert error["Message"] == "Amazon S3 AccessPoint can only be created for bucket in the same region"


def test_a_name_is_taken_once(store: Store) -> None:
    make(store)
    error = refusal(make, store=store)
    assert (error["Code"], error["status"]) == ("AccessPointAlreadyOwnedByYou", 409)


def test_how_many_an_account_has(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_point_operations, "MOST_ACCESS_POINTS", 2)
    make(store, "one")
    make(store, "two")
    assert refusal(make, store=store, name="three")["Code"] == "TooManyAccessPoints"


def test_they_are_listed_in_parts(store: Store) -> None:
    for name in ("ccc", "aaa", "bbb"):
        make(store, name)
    client = control(store)
    first = client.list_access_points(AccountId=store.account, MaxResults=2)
    assert [one["Name"] for one in first["AccessPointList"]] == ["aaa", "bbb"]
    rest = client.list_access_points(AccountId=store.account, NextToken=first["NextToken"], Bucket=BUCKET)
    assert [one["Name"] for one in rest["AccessPointList"]] == ["ccc"]
    assert "NextToken" not in rest
    elsewhere = control(store, region="eu-west-1").list_access_points(AccountId=store.account)
    assert elsewhere["AccessPointList"] == []
    assert refusal(client.list_access_points, AccountId=store.account, NextToken="!")["Code"] == "InvalidRequest"


def test_its_policy(store: Store) -> None:
    make(store)
    client = control(store)
    for call in (
        client.get_access_point_policy,
        client.get_access_point_policy_status,
        client.delete_access_point_policy,
    ):
        error = refusal(call, **named(store))
        assert (error["Code"], error["status"]) == ("NoSuchAccessPointPolicy", 404)
    client.put_access_point_policy(**named(store, Policy=document(store)))
    assert json.loads(client.get_access_point_policy(**named(store))["Policy"]) == json.loads(document(store))
    assert client.get_access_point_policy_status(**named(store))["PolicyStatus"] == {"IsPublic": False}
    assert client.delete_access_point_policy(**named(store))["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(client.get_access_point_policy, **named(store))["Code"] == "NoSuchAccessPointPolicy"
    of_absent = document(store, Resource=f"{arn(store, 'absent')}/object/*")
    error = refusal(client.put_access_point_policy, **named(store, Name="absent", Policy=of_absent))
    assert (error["Code"], error["status"]) == ("NoSuchAccessPoint", 404)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"Resource": f"arn:aws:s3:::{BUCKET}/*"}, "Policy has invalid resource"),
        ({"Resource": "*"}, "Policy has invalid resource"),
        ({"Action": "s3:NoSuch"}, "Policy has invalid action"),
        ({"Action": "s3:ListBucket"}, "Action does not apply to any resource(s) in statement"),
        ({"Principal": {"AWS": f"arn:aws:iam::{OTHER}:user/nobody"}}, "Invalid principal in policy"),
    ],
)
def test_what_is_no_policy_of_it(store: Store, more: dict[str, Any], sentence: str) -> None:
    make(store)
    error = refusal(control(store).put_access_point_policy, **named(store, Policy=document(store, **more)))
    assert (error["Code"], error["Message"]) == ("MalformedPolicy", sentence)


@pytest.mark.parametrize(
    ("rest", "takes"), [("/object/k", True), ("/object/*", True), ("/*", True), ("/k", False), ("2/object/*", False)]
)
def test_what_a_policy_of_it_may_be_on(store: Store, rest: str, *, takes: bool) -> None:
    make(store)
    client, given = control(store), named(store, Policy=document(store, Resource=arn(store) + rest))
    if takes:
        client.put_access_point_policy(**given)
    else:
        assert refusal(client.put_access_point_policy, **given)["Message"] == "Policy has invalid resource"


def test_a_public_policy_is_prevented(store: Store) -> None:
    """By the switches of the access point, of its bucket, and of its account."""
    client, public = control(store), document(store, Principal="*")
    make(store)
    assert refusal(client.put_access_point_policy, **named(store, Policy=public))["Code"] == "AccessDenied"
    client.delete_access_point(**named(store))
    make(store, PublicAccessBlockConfiguration={"BlockPublicPolicy": False})
    error = refusal(client.put_access_point_policy, **named(store, Policy=public))
    assert "prevented by the BlockPublicPolicy setting" in error["Message"]
    store.client().delete_public_access_block(Bucket=BUCKET)
    client.put_public_access_block(AccountId=store.account, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    assert refusal(client.put_access_point_policy, **named(store, Policy=public))["Code"] == "AccessDenied"
    client.delete_public_access_block(AccountId=store.account)
    client.put_access_point_policy(**named(store, Policy=public))
    assert client.get_access_point_policy_status(**named(store))["PolicyStatus"] == {"IsPublic": True}
    switches = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    store.client().put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=switches)


def test_its_tags(store: Store) -> None:
    make(store, Tags=[{"Key": "team", "Value": "a"}])
    client, on = control(store), {"AccountId": store.account, "ResourceArn": arn(store)}
    client.tag_resource(**on, Tags=[{"Key": "stage", "Value": "prod"}, {"Key": "team", "Value": "b"}])
    assert client.list_tags_for_resource(**on)["Tags"] == [
        {"Key": "team", "Value": "b"},
        {"Key": "stage", "Value": "prod"},
    ]
    client.untag_resource(**on, TagKeys=["team", "absent"])
    assert client.list_tags_for_resource(**on)["Tags"] == [{"Key": "stage", "Value": "prod"}]
    many = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    assert refusal(client.tag_resource, **on, Tags=many)["Code"] == "TooManyTags"
    client.tag_resource(**on, Tags=many[:49])
    assert len(client.list_tags_for_resource(**on)["Tags"]) == 50
    for tags in ([{"Key": "aws:a", "Value": ""}], [{"Key": "a", "Value": ""}] * 2):
        assert refusal(client.tag_resource, **on, Tags=tags)["Code"] == "InvalidTag"
    absent = {**on, "ResourceArn": arn(store, "absent")}
    assert refusal(client.list_tags_for_resource, **absent)["Code"] == "NoSuchAccessPoint"
    elsewhere = {**on, "ResourceArn": arn(store).replace("us-east-1", "eu-west-1")}
    assert refusal(client.list_tags_for_resource, **elsewhere)["Code"] == "NotImplemented"


@pytest.mark.parametrize(
    ("allowed", "denied"),
    [
        (["CreateAccessPoint"], {"Tags": [{"Key": "a", "Value": "b"}]}),
        (["CreateAccessPoint", "TagResource"], {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}),
        (["GetAccessPoint"], {}),
    ],
)
def test_what_making_one_needs(store: Store, allowed: list[str], denied: dict[str, Any]) -> None:
    actions = [f"s3:{name}" for name in allowed]
    store.allow({"Effect": "Allow", "Action": actions, "Resource": arn(store)})
    error = refusal(make, store=store, **denied)
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    store.allow(EVERYTHING)
    assert refusal(control(store).get_access_point, **named(store))["Code"] == "NoSuchAccessPoint"


def test_conditions_on_tags(store: Store) -> None:
    make(store, Tags=[{"Key": "team", "Value": "a"}])
    on = {"AccountId": store.account, "ResourceArn": arn(store)}
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    store.allow({**allowed, "Condition": {"StringEquals": {"aws:ResourceTag/team": "b"}}})
    assert refusal(control(store).list_tags_for_resource, **on)["Code"] == "AccessDenied"
    store.allow({**allowed, "Condition": {"StringEquals": {"s3:AccessPointTag/team": "a"}}})
    assert control(store).list_tags_for_resource(**on)["Tags"]
    store.allow({**allowed, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["stage"]}}})
    control(store).tag_resource(**on, Tags=[{"Key": "stage", "Value": "b"}])
    assert refusal(control(store).tag_resource, **on, Tags=[{"Key": "x", "Value": "b"}])["Code"] == "AccessDenied"


def test_what_another_account_has_is_nobodys_to_see(store: Store) -> None:
    error = refusal(control(store).get_access_point, AccountId=OTHER, Name="reports")
    assert (error["Code"], error["Message"]) == ("AccessDenied", "Access Denied")


def test_a_bucket_stays_while_it_has_access_points(store: Store) -> None:
    store.client().create_bucket(Bucket="kept")
    make(store, Bucket="kept")
    error = refusal(store.client().delete_bucket, Bucket="kept")
    assert (error["Code"], error["status"]) == ("BucketHasAccessPointsAttached", 400)
    control(store).delete_access_point(**named(store))
    store.client().delete_bucket(Bucket="kept")


def test_no_bucket_has_the_name_that_an_access_point_has_in_hosts(store: Store) -> None:
    name = f"reports-{store.account}"
    make(store)
    assert refusal(store.client().create_bucket, Bucket=name)["Code"] == "BucketAlreadyExists"
    control(store).delete_access_point(**named(store))
    store.client().create_bucket(Bucket=name)
    error = refusal(make, store=store)
    assert (error["Code"], f"There is a bucket {name}" in error["Message"]) == ("InvalidRequest", True)
    store.client().delete_bucket(Bucket=name)
