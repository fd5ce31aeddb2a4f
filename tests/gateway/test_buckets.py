"""Whose a bucket is: names are taken before an upstream is asked, and what a crash leaves behind is settled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from carnet.base.faults import Denied, Refused, Unavailable
from carnet.entities.bucket import Bucket, BucketState, ObjectOwnership
from carnet.entities.new_buckets import NewBuckets
from carnet.gateway.buckets import bucket_change
from carnet.gateway.buckets.owners import UNSETTLED
from tests.gateway.bucket_world import BucketWorld


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def settle(some: BucketWorld, bucket: Bucket, *, later: timedelta) -> None:
    async def is_there(pending: Bucket) -> bool:
        return pending.name in some.upstream

    some.run(some.buckets().settle(bucket, is_there, some.world.clock() + later))


def test_two_accounts_want_one_name(some: BucketWorld) -> None:
    """Attack 16: who is second gets nothing, whether the first one's is pending or owned."""
    claimed = some.create(some.root, "wanted", made=False)
    with pytest.raises(Refused) as refused:
        some.create(some.other, "wanted")
    assert code(refused) == "BucketAlreadyExists"
    with pytest.raises(Refused) as refused:
        some.create(some.root, "wanted")
    assert code(refused) == "OperationAborted"
    for operation in ("ListObjectsV2", "GetBucketPolicy"):
        with pytest.raises(Refused) as refused:
            some.ask(some.root, operation, Bucket="wanted")
        assert code(refused) == "OperationAborted", "nobody uses a bucket that is pending"
    parsed, _, decided = some.decided(some.root, "CreateBucket", Bucket="wanted")
    some.run(some.buckets().confirm(parsed, claimed, decided, {}))
    with pytest.raises(Refused) as refused:
        some.create(some.other, "wanted")
    assert code(refused) == "BucketAlreadyExists"
    with pytest.raises(Refused) as refused:
        some.create(some.root, "wanted")
    assert (code(refused), type(refused.value)) == ("BucketAlreadyOwnedByYou", bucket_change.AlreadyMade)
    assert some.world.snapshot.named(Bucket, "arn:aws:s3:::wanted") == some.bucket("wanted")


def test_a_name_that_is_taken_where_nobody_looks_is_not_given_away(
    some: BucketWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index of the store has the last word."""
    some.create(some.other, "indexed")
    monkeypatch.setattr(bucket_change.Claim, "_check_free", lambda claim, snapshot: None)
    with pytest.raises(Refused) as refused:
        some.create(some.root, "indexed")
    assert code(refused) == "BucketAlreadyExists"
    found = some.bucket("indexed")
    assert found is not None
    assert found.account == some.account_of(some.other)


@pytest.mark.parametrize(("there", "state"), [(True, BucketState.OWNED), (False, None)])
def test_what_a_crash_has_left_is_settled_by_asking_the_upstream(
    some: BucketWorld, there: bool, state: BucketState | None
) -> None:
    name = f"crash-{there}".lower()
    pending = some.create(some.root, name, made=False)
    if there:
        some.upstream.add(name)
    assert name in {one.name for one in some.buckets().pending()}
    settle(some, pending, later=UNSETTLED - timedelta(seconds=1))
    found = some.bucket(name)
    assert found is not None
    assert found.state is BucketState.PENDING, "somebody may still be making it"
    settle(some, pending, later=UNSETTLED)
    found = some.bucket(name)
    assert (found.state if found is not None else None) == state
    assert name not in {one.name for one in some.buckets().pending()}


def test_a_claim_that_was_released_meanwhile_is_not_confirmed(some: BucketWorld) -> None:
    """The name is another account's by then."""
    claimed = some.create(some.root, "slow", made=False)
    settle(some, claimed, later=UNSETTLED)
    some.create(some.other, "slow")
    parsed, _, decided = some.decided(some.root, "CreateBucket", Bucket="slow")
    with pytest.raises(Unavailable, match="not owned here"):
        some.run(some.buckets().confirm(parsed, claimed, decided, {}))
    some.run(some.buckets().release(claimed, some.world.clock()))
    found = some.bucket("slow")
    assert found is not None
    assert found.account == some.account_of(some.other)
    assert found.state is BucketState.OWNED


def test_a_bucket_that_is_forgotten_takes_its_policy_along(some: BucketWorld) -> None:
    some.create(some.root, "gone")
    found = some.bucket("gone")
    assert found is not None
    some.ask(
        some.root,
        "PutBucketPolicy",
        Bucket="gone",
        Policy='{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::gone"}}',
    )
    some.run(some.buckets().forget(found, some.world.clock()))
    assert some.bucket("gone") is None
    some.create(some.other, "gone")
    again = some.bucket("gone")
    assert again is not None
    assert again.policy is None


def test_who_may_not_claims_nothing(some: BucketWorld) -> None:
    with pytest.raises(Denied):
        some.create(some.world.user("nobody"), "not-mine")
    assert some.bucket("not-mine") is None


def test_an_account_has_so_many_buckets(some: BucketWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = some.world.account()
    monkeypatch.setattr(bucket_change, "MOST_BUCKETS", 2)
    some.create(owner, "many-1")
    some.create(owner, "many-2")
    with pytest.raises(Refused) as refused:
        some.create(owner, "many-3")
    assert code(refused) == "TooManyBuckets"


GOOD = ("abc", "a" * 63, "a.b-c", "1abc", "10.0.0", "a-.b")
BAD = (
    *("ab", "a" * 64, "Abc", "a_b", "a..b", "-ab", "ab-", ".ab", "10.0.0.1", "xn--abc", "sthree-abc", "amzn-s3-demo-a"),
    *("abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3", "abc--table-s3", "_carnet", "healthz", "ab\n", "äbc"),
)


@pytest.mark.parametrize("name", GOOD)
def test_a_bucket_may_have_a_valid_name(some: BucketWorld, name: str) -> None:
    some.create(some.root, name, made=False)


@pytest.mark.parametrize("name", BAD)
def test_a_bucket_with_an_invalid_name_is_refused(some: BucketWorld, name: str) -> None:
    """Carnet's own paths are among them."""
    with pytest.raises(Refused) as refused:
        some.create(some.root, name)
    assert code(refused) == "InvalidBucketName"


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (None, "us-east-1"),
        ("eu-central-1", "eu-central-1"),
        ("EU", "eu-west-1"),
        ("us-east-1", "InvalidLocationConstraint"),
        ("x", "InvalidLocationConstraint"),
    ],
)
def test_the_region_of_a_bucket(some: BucketWorld, location: str | None, expected: str) -> None:
    name = f"region-{location}-{expected}".lower()[:60]
    more: dict[str, Any] = {} if location is None else {"CreateBucketConfiguration": {"LocationConstraint": location}}
    if expected.startswith("Invalid"):
        with pytest.raises(Refused) as refused:
            some.create(some.root, name, **more)
        assert code(refused) == expected
    else:
        assert some.create(some.root, name, made=False, **more).region == expected


def test_new_buckets_are_as_aws_makes_them(some: BucketWorld) -> None:
    current = some.create(some.root, "current")
    assert current.ownership is ObjectOwnership.ENFORCED
    assert current.block is not None
    assert current.block.restrict_public_buckets
    legacy = some.create(some.root, "legacy", NewBuckets.LEGACY, ACL="public-read")
    assert (legacy.ownership, legacy.block) == (ObjectOwnership.WRITER, None)
    assert len(legacy.acl) == 2


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", "ObjectOwnership": "ObjectWriter"}, "InvalidBucketAclWithBlockPublicAccessError"),
        ({"ACL": "private"}, ""),
        ({"ACL": "log-delivery-write", "ObjectOwnership": "ObjectWriter"}, ""),
        ({"ObjectOwnership": ""}, "InvalidArgument"),
        ({"BucketNamespace": "account-regional"}, "NotImplemented"),
    ],
)
def test_what_a_new_bucket_may_ask_for(some: BucketWorld, members: dict[str, Any], expected: str) -> None:
    name = "-".join(("asks", *filter(None, members.values()))).lower()
    if expected:
        with pytest.raises(Refused) as refused:
            some.create(some.root, name, **members)
        assert code(refused) == expected
    else:
        some.create(some.root, name, **members)


def test_who_may_no_more_when_the_name_is_taken_claims_nothing(some: BucketWorld) -> None:
    """What was decided before the turn to write came is decided again."""
    user = some.world.user("claims-late", [{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}])
    parsed, checks, _ = some.decided(user, "CreateBucket", Bucket="late")
    some.world.call(some.root, "DeleteUserPolicy", UserName="claims-late", PolicyName="p0")
    with pytest.raises(Denied):
        some.run(some.buckets().claim(parsed, {"Bucket": "late"}, checks, some.scope(parsed), "store"))
    assert some.bucket("late") is None
