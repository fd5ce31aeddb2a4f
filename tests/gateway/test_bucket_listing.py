"""ListBuckets tells an account its own buckets, page by page."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.base.faults import Denied, Refused
from carnet.gateway.buckets import bucket_listing
from tests.gateway.bucket_world import BucketWorld


def names(answer: Any) -> list[str]:
    return [one["Name"] for one in answer["Buckets"]]


def test_everybody_is_told_his_own(some: BucketWorld) -> None:
    one, other = some.world.account(), some.world.account()
    for owner, name in ((one, "lists-b"), (one, "lists-a"), (other, "lists-c")):
        some.create(owner, name)
    some.create(one, "lists-pending", made=False)
    answer = some.ask(one, "ListBuckets")
    assert names(answer) == ["lists-a", "lists-b"]
    assert answer["Owner"]["ID"].startswith(some.account_of(one))
    assert "BucketRegion" not in answer["Buckets"][0]
    assert names(some.ask(other, "ListBuckets")) == ["lists-c"]
    for nobody in (None, some.world.user("lists-nothing")):
        with pytest.raises(Denied):
            some.ask(nobody, "ListBuckets")


def test_pages(some: BucketWorld) -> None:
    owner = some.world.account()
    for name in ("page-a1", "page-a2", "page-a3", "page-b1"):
        more: dict[str, Any] = (
            {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}} if name == "page-b1" else {}
        )
        some.create(owner, name, **more)
    first = some.ask(owner, "ListBuckets", MaxBuckets=2, Prefix="page-a")
    assert names(first) == ["page-a1", "page-a2"]
    assert first["Buckets"][0]["BucketRegion"] == "us-east-1"
    second = some.ask(owner, "ListBuckets", MaxBuckets=2, Prefix="page-a", ContinuationToken=first["ContinuationToken"])
    assert names(second) == ["page-a3"]
    assert "ContinuationToken" not in second
    assert "ContinuationToken" not in some.ask(owner, "ListBuckets", MaxBuckets=4), "four of four are the last page"
    assert names(some.ask(owner, "ListBuckets", BucketRegion="eu-west-1")) == ["page-b1"]


@pytest.mark.parametrize(
    "given",
    [
        {"MaxBuckets": 0},
        {"MaxBuckets": bucket_listing.MOST + 1},
        {"ContinuationToken": "?"},
        {"ContinuationToken": "_w=="},
        {"ContinuationToken": "é"},
    ],
)
def test_what_is_no_page(some: BucketWorld, given: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        some.ask(some.root, "ListBuckets", **given)
    assert refused.value.code == "InvalidArgument"
