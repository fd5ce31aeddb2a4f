"""The changes that claim, confirm and forget a bucket."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from carnet.access.authorize import Decided
from carnet.access.denial import denied
from carnet.audit.events import Event, event_without_request, success_event
from carnet.audit.steps import Parsed
from carnet.base.arns import OWN_SERVICE
from carnet.base.faults import Refused, Unavailable
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import DEFAULT_REGION, Bucket, BucketState
from carnet.gateway.buckets.access_points import would_be_taken_for
from carnet.gateway.buckets.bucket_tags import tagged
from carnet.gateway.deciding import Resolved, decide
from carnet.identity.caller import Anonymous, SignedIn, Verified
from carnet.services.execution import Done, Execution
from carnet.store.faults import Taken
from carnet.store.unit_of_work import UnitOfWork

MOST_BUCKETS = 10_000
"""The quota of one account. https://docs.aws.amazon.com/general/latest/gr/s3.html#limits_s3"""


def decided_again(
    execution: Execution, snapshot: Snapshot, parsed: Parsed, checks: tuple[Resolved, ...]
) -> tuple[Decided, ...]:
    """Decide on the caller's checks again, at the locked revision. Raises Denied."""
    caller = execution.present(snapshot, parsed.authenticated.caller)
    assert isinstance(caller, Verified | SignedIn | Anonymous), "buckets are asked for with a signature or without"
    made = decide(
        execution, snapshot, caller, parsed.authenticated.routed.arrived, [tagged(snapshot, one) for one in checks]
    )
    if not made[-1].decision.allowed:
        raise denied(made[-1])
    return tuple(made)


class AlreadyMade(Refused):
    """The caller's account has the bucket, and would not change it by making it again: in us-east-1 that is no error.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Claims the name of a bucket: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    checks: tuple[Resolved, ...]
    """What the caller needs to be allowed. INVARIANT: it is decided again at the revision that is changed."""
    bucket: Bucket
    """Pending."""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Raises Refused, Denied."""
        made = decided_again(self.execution, snapshot, self.parsed, self.checks)
        self._check_free(snapshot)
        try:
            unit.add(self.bucket)
        except Taken as taken:  # of an account that cannot be read
            raise _not_available() from taken
        return Done(answer={}, event=_own_event("ClaimBucket", self.bucket, self.bucket.created), decided=made)

    def _check_free(self, snapshot: Snapshot) -> None:
        known = snapshot.named(Bucket, self.bucket.arn)
        if known is not None and known.account != self.bucket.account:
            raise _not_available()
        if known is not None and known.state is BucketState.PENDING:
            raise being_made()
        if known is not None:
            raise self._refusal(known)(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            )
        if would_be_taken_for(snapshot, self.bucket.name) is not None:
            raise _not_available()
        if len(snapshot.accounts[self.bucket.account].of(Bucket)) >= MOST_BUCKETS:
            raise Refused("TooManyBuckets", "You have attempted to create more buckets than allowed")

    def _refusal(self, known: Bucket) -> type[Refused]:
        """AWS resets the ACL of a bucket that is made again. Here nothing is changed: another ACL is refused."""
        same = known.region == self.bucket.region == DEFAULT_REGION and known.acl == self.bucket.acl
        return AlreadyMade if same else Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """Confirms a claimed bucket once the upstream has created it."""

    bucket: Bucket
    parsed: Parsed | None
    """The request that made it; None if that is not known any more."""
    more: Mapping[str, Any]
    """What the event says beside the request."""
    decided: tuple[Decided, ...] = ()
    now: datetime
    tell: Callable[[Event], Event] = lambda event: event
    """Adds to the event what is known of the request."""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Raises Unavailable."""
        known = snapshot.named(Bucket, self.bucket.arn)
        if known is None or not _is_same(known, self.bucket):
            raise Unavailable("The bucket was made, and is not owned here: somebody else has changed it meanwhile.")
        unit.save(replace(known, state=BucketState.OWNED))
        if self.parsed is None:
            return Done(answer={}, event=_own_event("ConfirmBucket", self.bucket, self.now), decided=())
        event = success_event(self.parsed, {}, self.decided)
        event["additionalEventData"] |= self.more
        return Done(answer={}, event=self.tell(event), decided=self.decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Forgets a bucket that is deleted, or was never created. A bucket that has changed is left as it is."""

    bucket: Bucket
    now: datetime

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        known = snapshot.named(Bucket, self.bucket.arn)
        if known is not None and _is_same(known, self.bucket):
            unit.remove(known)
        return Done(answer={}, event=_own_event("ForgetBucket", self.bucket, self.now), decided=())


BucketChange = Claim | Confirm | Forget


def being_made() -> Refused:
    return Refused(
        "OperationAborted",
        "A conflicting conditional operation is currently in progress against this resource. Please try again.",
    )


def _not_available() -> Refused:
    return Refused(
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please "
        "select a different name and try again.",
    )


def _is_same(one: Bucket, other: Bucket) -> bool:
    """Whether they are the same bucket in the same state, apart from its policy."""
    return (one.account, one.created, one.state) == (other.account, other.created, other.state)


def _own_event(name: str, bucket: Bucket, now: datetime) -> dict[str, Any]:
    parameters = {"bucketName": bucket.name, "accountId": bucket.account}
    return event_without_request(OWN_SERVICE, name, str(uuid.uuid4()), now, parameters)
