"""Tags of buckets are kept here, and meet conditions while the bucket has ABAC enabled, as recorded from AWS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.cli.gateway import gateway
from carnet.entities.operator_token import OperatorScope
from carnet.gateway.buckets.bucket_tags import tagged
from carnet.gateway.checks.check import Check
from carnet.gateway.deciding import Resolved
from tests.gateway.control import control, through
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store, refusal
from tests.server.own_api.calling import operator_token

ALL_OF_S3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
BLUE = [{"Key": "Project", "Value": "Blue"}, {"Key": "Stage", "Value": "Test"}]
KEYS = ["aws:ResourceTag/Project", "s3:BucketTag/Project"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("tags")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    """Its bucket has the tags, and no ABAC."""
    shared.renew()
    client = shared.client()
    client.put_bucket_abac(Bucket=BUCKET, AbacStatus={"Status": "Disabled"})
    client.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": BLUE})
    shared.s3.objects[f"/{BUCKET}/k"] = b"x"
    shared.s3.requests.clear()
    return shared


def on(store: Store, bucket: str = BUCKET) -> dict[str, str]:
    return {"AccountId": store.account, "ResourceArn": f"arn:aws:s3:::{bucket}"}


def enable(store: Store) -> None:
    store.client().put_bucket_abac(Bucket=BUCKET, AbacStatus={"Status": "Enabled"})


def if_blue(key: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {"Condition": {operator: {key: "Blue"}}}


def test_tags_are_put_read_and_taken_away_here(store: Store) -> None:
    client = store.client()
    assert client.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == BLUE
    twice = [{"Key": "a", "Value": ""}] * 2
    error = refusal(client.put_bucket_tagging, Bucket=BUCKET, Tagging={"TagSet": twice})
    assert (error["Code"], error["Message"]) == ("InvalidTag", "Cannot provide multiple Tags with the same key")
    most = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    assert refusal(client.put_bucket_tagging, Bucket=BUCKET, Tagging={"TagSet": most})["Code"] == "BadRequest"
    client.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": most[:50]})
    assert len(client.get_bucket_tagging(Bucket=BUCKET)["TagSet"]) == 50
    client.delete_bucket_tagging(Bucket=BUCKET)
    error = refusal(client.get_bucket_tagging, Bucket=BUCKET)
    assert (error["Code"], error["status"]) == ("NoSuchTagSet", 404)
    assert store.s3.requests == []


def test_the_control_api_changes_some_of_them(store: Store) -> None:
    client = control(store)
    answer = client.tag_resource(**on(store), Tags=[{"Key": "Stage", "Value": "Live"}, {"Key": "new", "Value": ""}])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    client.untag_resource(**on(store), TagKeys=["Project", "absent"])
    left = [{"Key": "Stage", "Value": "Live"}, {"Key": "new", "Value": ""}]
    assert client.list_tags_for_resource(**on(store))["Tags"] == left
    assert store.client().get_bucket_tagging(Bucket=BUCKET)["TagSet"] == left
    error = refusal(client.tag_resource, **on(store), Tags=[{"Key": "a", "Value": ""}] * 2)
    assert (error["Code"], error["Message"]) == (
        "InvalidTag",
        "There are duplicate tag keys in your request. Remove the duplicate tag keys and try again.",
    )
    assert refusal(client.tag_resource, **on(store), Tags=[])["Code"] == "InvalidTag"
    error = refusal(client.list_tags_for_resource, **on(store, "nobodys"))
    assert (error["Code"], error["status"]) == ("NoSuchResource", 404)
    elsewhere = control(store, region="eu-west-1")
    assert "the bucket's region: us-east-1" in refusal(elsewhere.list_tags_for_resource, **on(store))["Message"]


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("k" * 128, "v" * 256, ""),
        ("Ключ 1_.:/=+-@", "значение 1_.:/=+-@", ""),
        ("k" * 129, "v", "Key"),
        ("k*", "v", "Key"),
        ("k", "v" * 257, "Value"),
        ("k", "a,b", "Value"),
        ("k", "a\tb", "Value"),
    ],
)
def test_characters_and_lengths_of_tags(store: Store, key: str, value: str, wrong: str) -> None:
    """Each of the two APIs refuses them in its own words, as recorded from AWS."""
    tags = [{"Key": key, "Value": value}]
    client, by_control = store.client(), control(store)
    if not wrong:
        client.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})
        by_control.tag_resource(**on(store), Tags=tags)
        assert client.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags
        return
    error = refusal(client.put_bucket_tagging, Bucket=BUCKET, Tagging={"TagSet": tags})
    assert (error["Code"], error["Message"]) == ("InvalidTag", f"The Tag{wrong} you have provided is invalid")
    error = refusal(by_control.tag_resource, **on(store), Tags=tags)
    assert error["Code"] == "InvalidTag"
    assert error["Message"] == (
        "This request contains a tag key or value that isn't valid. Valid characters include the following: "
        "[a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters."
    )


def test_abac_is_switched(store: Store) -> None:
    client = store.client()
    assert client.get_bucket_abac(Bucket=BUCKET)["AbacStatus"] == {"Status": "Disabled"}
    assert refusal(client.put_bucket_abac, Bucket=BUCKET, AbacStatus={"Status": "enabled"})["Code"] == "MalformedXML"
    enable(store)
    assert client.get_bucket_abac(Bucket=BUCKET)["AbacStatus"] == {"Status": "Enabled"}
    assert refusal(client.put_bucket_tagging, Bucket=BUCKET, Tagging={"TagSet": []})["Code"] == "BadRequest"
    assert refusal(client.delete_bucket_tagging, Bucket=BUCKET)["Code"] == "BadRequest"
    assert client.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == BLUE
    control(store).tag_resource(**on(store), Tags=[{"Key": "Stage", "Value": "Live"}])
    assert {"Key": "Stage", "Value": "Live"} in client.get_bucket_tagging(Bucket=BUCKET)["TagSet"]
    assert store.s3.requests == []


@pytest.mark.parametrize("key", KEYS)
def test_tags_meet_conditions_while_abac_is_enabled(store: Store, key: str) -> None:
    client = store.client()
    store.allow(ALL_OF_S3 | if_blue(key))
    assert refusal(client.get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    store.allow(ALL_OF_S3)
    enable(store)
    store.allow(ALL_OF_S3 | if_blue(key))
    client.get_object(Bucket=BUCKET, Key="k")
    client.put_object(Bucket=BUCKET, Key="new", Body=b"x")
    client.get_bucket_tagging(Bucket=BUCKET)
    store.allow(ALL_OF_S3 | {"Condition": {"Null": {key: "true"}}})
    assert refusal(client.get_object, Bucket=BUCKET, Key="k")["Code"] == "AccessDenied"
    store.allow(ALL_OF_S3, ALL_OF_S3 | {"Effect": "Deny"} | if_blue(key))
    assert refusal(client.put_object, Bucket=BUCKET, Key="k", Body=b"x")["Code"] == "AccessDenied"
    denied = client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "k"}]})["Errors"]
    assert [one["Code"] for one in denied] == ["AccessDenied"]
    assert refusal(control(store).untag_resource, **on(store), TagKeys=["Project"])["Code"] == "AccessDenied"
    assert refusal(control(store).list_tags_for_resource, **on(store))["Code"] == "AccessDenied"


def test_what_tags_are_set_meets_conditions(store: Store) -> None:
    store.allow({**ALL_OF_S3, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Stage"]}}})
    control(store).tag_resource(**on(store), Tags=[{"Key": "Stage", "Value": "Live"}])
    assert refusal(control(store).tag_resource, **on(store), Tags=BLUE)["Code"] == "AccessDenied"
    assert refusal(control(store).untag_resource, **on(store), TagKeys=["Project"])["Code"] == "AccessDenied"


def test_through_an_access_point_the_tags_of_the_resource_are_the_access_points(store: Store) -> None:
    enable(store)
    open_ = dict.fromkeys(("BlockPublicPolicy", "RestrictPublicBuckets"), False)
    control(store).create_access_point(
        AccountId=store.account, Name="tagged", Bucket=BUCKET, PublicAccessBlockConfiguration=open_
    )
    point = {"Bucket": f"arn:aws:s3:us-east-1:{store.account}:accesspoint/tagged", "Key": "k"}
    store.allow(ALL_OF_S3 | if_blue("aws:ResourceTag/Project"))
    assert refusal(through(store).get_object, **point)["Code"] == "AccessDenied"
    store.allow(ALL_OF_S3 | if_blue("s3:BucketTag/Project"))
    through(store).get_object(**point)


def test_a_bucket_is_made_with_tags(store: Store) -> None:
    store.client().create_bucket(Bucket="tagged-anew", CreateBucketConfiguration={"Tags": BLUE})
    assert store.client().get_bucket_tagging(Bucket="tagged-anew")["TagSet"] == BLUE
    (sent,) = [one for one in store.s3.requests if one.method == "PUT"]
    assert sent.body == b"", "no upstream is told of tags"


def test_tags_from_before_are_the_upstreams(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a bucket that was adopted, as of one that an earlier release has made."""
    monkeypatch.setenv("CARNET_OPERATOR_TOKEN", operator_token(store.server, *OperatorScope).text)
    store.s3.objects["/older"] = b""
    store.s3.answers["GET /older?location"] = Told(body=b"<LocationConstraint/>")
    store.s3.answers["GET /older?encryption"] = Told(status=404)
    adopt = ["adopt", "--upstream", "seaweedfs", "--account", store.account, "older"]
    assert CliRunner().invoke(gateway, [*adopt, "--endpoint-url", store.server.endpoint]).exit_code == 0
    store.s3.answers["GET /older?tagging"] = Told(
        body=b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    )
    client = store.client()
    assert client.get_bucket_tagging(Bucket="older")["TagSet"] == [{"Key": "a", "Value": "b"}]
    for refused in (
        refusal(client.put_bucket_abac, Bucket="older", AbacStatus={"Status": "Enabled"}),
        refusal(control(store).list_tags_for_resource, **on(store, "older")),
        refusal(control(store).tag_resource, **on(store, "older"), Tags=BLUE),
    ):
        assert refused["Code"] == "NotImplemented"
        assert "PutBucketTagging" in refused["Message"]
    client.put_bucket_tagging(Bucket="older", Tagging={"TagSet": BLUE})
    assert client.get_bucket_tagging(Bucket="older")["TagSet"] == BLUE
    client.put_bucket_abac(Bucket="older", AbacStatus={"Status": "Enabled"})


def test_a_change_is_decided_by_the_tags_of_its_revision(store: Store) -> None:
    """What was known of the tags before is none of it."""
    enable(store)
    directory = store.server.installation.directory
    arn = f"arn:aws:s3:::{BUCKET}"
    check = Check(action="s3:PutBucketPolicy", resource=arn, account=store.account)
    before = tagged(directory.snapshot, Resolved(check, arn, store.account))
    assert before.keys["s3:BucketTag/Project"] == "Blue"
    control(store).untag_resource(**on(store), TagKeys=["Project"])
    after = tagged(directory.snapshot, before)
    assert "s3:BucketTag/Project" not in after.keys
    assert after.keys["aws:ResourceTag/Stage"] == "Test"
    control(store).untag_resource(**on(store), TagKeys=["Stage"])
    assert tagged(directory.snapshot, after).keys == {}
