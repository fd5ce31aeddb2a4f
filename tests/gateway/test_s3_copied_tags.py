"""A copy takes over the tags of its source: who copies may read them there, and put them on what is made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from carnet.gateway.upstreams.configured import Mode, UpstreamSettings
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, EVERYTHING, Store, a_store, refusal
from tests.gateway.test_s3_keys import COPIED, OF_PART, PUT_PART, deny, head

TAGGED = b"<Tagging><TagSet><Tag><Key>clearance</Key><Value>public</Value></Tag></TagSet></Tagging>"
HEAD, TAGS, PUT = "HEAD /photos/source", "GET /photos/source?tagging", "PUT /photos/k"
SOURCE = f"arn:aws:s3:::{BUCKET}/source"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    shared.s3.answers |= {HEAD: head({}), TAGS: Told(body=TAGGED), PUT: Told(body=COPIED)}
    return shared


def copy(store: Store, **more: Any) -> Any:
    given = {"Bucket": BUCKET, "Key": "k", "CopySource": {"Bucket": BUCKET, "Key": "source"}, **more}
    return partial(store.client().copy_object, **given)


def decisions(store: Store) -> list[str]:
    return [one["action"] for one in store.events()[-1]["additionalEventData"]["decisions"]]


@pytest.mark.parametrize("directive", [{}, {"TaggingDirective": "COPY"}])
@pytest.mark.parametrize(
    "denied",
    [
        deny("s3:GetObjectTagging"),
        {**deny("s3:GetObjectTagging"), "Resource": SOURCE},
        deny("s3:PutObjectTagging"),
        deny("s3:PutObjectTagging", Condition={"StringEquals": {"s3:RequestObjectTag/clearance": "public"}}),
        deny("s3:PutObjectTagging", Condition={"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": "clearance"}}),
    ],
)
def test_who_may_not_read_or_put_the_tags_does_not_copy_them(
    store: Store, denied: dict[str, Any], directive: dict[str, str]
) -> None:
    store.allow(EVERYTHING, denied)
    error = refusal(copy(store, **directive))
    assert (error["Code"], error["status"]) == ("AccessDenied", 403)
    assert f"perform: {denied['Action']} on resource" in error["Message"]
    assert store.s3.asked == [HEAD, TAGS]


def test_what_has_no_tags_is_copied_without_the_permission(store: Store) -> None:
    store.allow({"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"})
    for none in (Told(body=b"<Tagging><TagSet/></Tagging>"), Told(status=404)):
        store.s3.answers[TAGS] = none
        store.s3.requests.clear()
        copy(store)()
        assert store.s3.asked == [HEAD, TAGS, PUT]
        assert decisions(store) == ["s3:PutObject", "s3:GetObject"]


def test_who_may_copy_these_tags_does(store: Store) -> None:
    only = {"StringEquals": {"s3:RequestObjectTag/clearance": "public"}}
    allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:GetObjectTagging"], "Resource": "*"}
    store.allow(allowed, {"Effect": "Allow", "Action": "s3:PutObjectTagging", "Resource": "*", "Condition": only})
    copy(store)()
    assert store.s3.asked == [HEAD, TAGS, PUT]
    assert decisions(store) == ["s3:PutObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObjectTagging"]
    store.s3.answers[TAGS] = Told(body=TAGGED.replace(b"public", b"secret"))
    assert refusal(copy(store))["Code"] == "AccessDenied"


def test_no_tags_are_asked_for_where_nothing_depends_on_them(store: Store) -> None:
    copy(store)()
    assert store.s3.asked == [HEAD, PUT]
    store.allow(EVERYTHING, deny("s3:GetObjectTagging"))
    store.s3.requests.clear()
    copy(store, TaggingDirective="REPLACE")()
    store.s3.answers[PUT_PART.replace("/new", "/k")] = Told(body=COPIED)
    source = {"Bucket": BUCKET, "Key": "source"}
    store.client().upload_part_copy(Bucket=BUCKET, Key="k", CopySource=source, **OF_PART)
    assert TAGS not in store.s3.asked


def test_the_tags_of_the_version_that_is_copied_are_asked_for(store: Store) -> None:
    store.s3.answers |= {f"{HEAD}?versionId=v1": head({}), f"{TAGS}&versionId=v1": Told(body=TAGGED)}
    store.allow(EVERYTHING, deny("s3:GetObjectVersionTagging"))
    error = refusal(copy(store, CopySource={"Bucket": BUCKET, "Key": "source", "VersionId": "v1"}))
    assert "perform: s3:GetObjectVersionTagging on resource" in error["Message"]


def test_tags_that_cannot_be_read_are_not_taken_for_none(store: Store) -> None:
    store.allow(EVERYTHING, deny("s3:PutObjectTagging"))
    store.s3.answers[TAGS] = Told(status=500)
    error = refusal(copy(store))
    assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503)
    assert PUT not in store.s3.asked


def test_where_requests_are_only_recorded_the_log_has_what_would_be_denied(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.allow(EVERYTHING, deny("s3:PutObjectTagging"))
    monkeypatch.setattr(UpstreamSettings, "mode", Mode.RECORD)
    copy(store)()
    assert decisions(store)[-1] == "s3:PutObjectTagging"


def test_a_store_without_tags_is_not_asked_for_any(tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_store(tmp_path_factory.mktemp("s3"), "rclone") as store:
        store.renew(deny("s3:PutObjectTagging"))
        store.s3.answers |= {HEAD: head({}), PUT: Told(body=COPIED)}
        copy(store)()
        assert store.s3.asked == [HEAD, PUT]
