"""The owner of a bucket, and how it is determined.

An upstream may let several accounts have buckets of the same name, and does not say who owns one. So names are
reserved here: a bucket is claimed before the upstream is asked to create it, and owned once the upstream has created
it. INVARIANT: a request about a bucket that nobody owns here is not sent on.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.events import Event
from carnet.audit.steps import Parsed
from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Bucket, BucketState, bucket_arn
from carnet.entities.new_buckets import NewBuckets
from carnet.gateway.buckets.bucket_change import BucketChange, Claim, Confirm, Forget, being_made
from carnet.gateway.buckets.bucket_policies import bucket_in
from carnet.gateway.buckets.bucket_tags import tagged
from carnet.gateway.buckets.new_bucket import new_bucket
from carnet.gateway.checks.check import Check, Scope
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3_sentences import BUCKET_MISSING
from carnet.server.writer import Writer
from carnet.services.execution import Done, Execution

UNSETTLED = timedelta(minutes=5)
"""How long a claim is left alone: longer than any upstream is waited for, so that nobody is still making the bucket."""

IsThere = Callable[[Bucket], Awaitable[bool]]
"""Asks a bucket's upstream whether it has it (HeadBucket). Raises UpstreamFailed if that is not known."""


def bucket_of(snapshot: Snapshot, partition: str, name: str) -> Bucket | None:
    """The bucket of a name, whoever owns it, pending or not."""
    return snapshot.named(Bucket, bucket_arn(partition, name))


def owned_bucket(snapshot: Snapshot, arn: str) -> Bucket:
    """The bucket of an ARN of it or of one of its objects.

    Raises Refused: NoSuchBucket; OperationAborted as long as it is not known whether the upstream has the bucket
    (`settled`).
    """
    found = bucket_in(snapshot, arn)
    if found is None:
        raise Refused("NoSuchBucket", BUCKET_MISSING)
    if found.state is not BucketState.OWNED:
        raise being_made()
    return found


def resolved(snapshot: Snapshot, check: Check) -> Resolved:
    """A check of Amazon S3 with the account that owns what it is on: it may name another than the caller's.

    Raises Refused as `owned_bucket`, and AccessDenied if the request expects another owner.
    """
    assert isinstance(check.resource, str), "what is in S3 is named by its ARN"
    account = check.account if check.account is not None else owned_bucket(snapshot, check.resource).account
    if check.expected_account is not None and check.expected_account != account:
        raise Refused("AccessDenied", "Access Denied")
    return tagged(snapshot, Resolved(check, check.resource, account))


class Buckets:
    """The buckets of one installation.

    Creating one: `claim`, then the upstream is asked with `new_bucket.sent_on`, then `confirm` or `release`. Deleting
    one: the upstream is asked, then `forget`. If the process dies in between, the bucket is pending until `settle` has
    asked the upstream for it.
    """

    def __init__(self, execution: Execution, writer: Writer, new: NewBuckets = NewBuckets.CURRENT) -> None:
        self._execution = execution
        self._writer = writer
        self._new = new

    async def claim(
        self, parsed: Parsed, members: Mapping[str, Any], checks: tuple[Resolved, ...], scope: Scope, upstream: str
    ) -> Bucket:
        """Take the name that a CreateBucket request asks for; `members` are its input.

        Raises Refused (InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou, OperationAborted, and what AWS
        says of an ACL that the bucket could not have), also as AlreadyMade, Denied if the caller may not any more,
        Unavailable.
        """
        now = parsed.authenticated.routed.arrived.time
        bucket = new_bucket(members, scope, new=self._new, upstream=upstream, now=now)
        await self._make(Claim(execution=self._execution, parsed=parsed, checks=checks, bucket=bucket), bucket.account)
        return bucket

    async def confirm(
        self,
        parsed: Parsed,
        claimed: Bucket,
        decided: tuple[Decided, ...],
        more: Mapping[str, Any],
        tell: Callable[[Event], Event] = lambda event: event,
    ) -> Done:
        """The upstream has made the bucket. The change is recorded as the event of the request, which has `more` as
        additionalEventData, as `tell` gives it.

        Raises Unavailable if the claim is gone: then nobody owns the bucket that the upstream has created.
        """
        now = parsed.authenticated.routed.arrived.time
        return await self._make(
            Confirm(parsed=parsed, bucket=claimed, decided=decided, more=more, now=now, tell=tell), claimed.account
        )

    async def release(self, claimed: Bucket, now: datetime) -> None:
        """The upstream has refused to make the bucket. A request whose outcome is not known is left to be settled."""
        await self._make(Forget(bucket=claimed, now=now), claimed.account)

    async def forget(self, bucket: Bucket, now: datetime) -> None:
        """The upstream has deleted the bucket, or does not have it any more: its policy goes with it."""
        await self._make(Forget(bucket=bucket, now=now), bucket.account)

    async def settle(self, pending: Bucket, is_there: IsThere, now: datetime) -> None:
        """Ask the upstream of a pending bucket whether it was made. One that may still be being made is left alone."""
        if now - pending.created < UNSETTLED:
            return
        if await is_there(pending):
            await self._make(Confirm(parsed=None, bucket=pending, more={}, now=now), pending.account)
        else:
            await self.release(pending, now)

    def pending(self) -> Iterator[Bucket]:
        """The pending buckets, which are settled when the server starts."""
        for view in self._execution.directory.snapshot.accounts.values():
            yield from (bucket for bucket in view.of(Bucket) if bucket.state is BucketState.PENDING)

    async def _make(self, change: BucketChange, account: str) -> Done:
        return await self._writer.make(change, account)
