"""The changes of the kept state of objects."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.events import Event, event_without_request, success_event
from carnet.audit.steps import Parsed
from carnet.base.arns import OWN_SERVICE
from carnet.directory.snapshot import Snapshot
from carnet.entities.object_acl import ObjectAcl
from carnet.gateway.buckets.bucket_change import being_made, decided_again
from carnet.gateway.buckets.object_acls import (
    Owned,
    Told,
    asked_acl_of,
    by_default,
    exact,
    kept_as,
    kept_of,
    refuse_too_many,
    with_acl,
)
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.deciding import Resolved
from carnet.server.writer import Writer
from carnet.services.execution import Done, Execution
from carnet.store.unit_of_work import UnitOfWork

_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeObject:
    """The upstream has made an object, or begun an upload of one: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    arn: str
    made: ObjectAcl | None
    """None for one that is as all are by default."""
    gone: tuple[str, ...]
    """The ids of what is not kept any more: of the object that was replaced, of the upload that is complete."""
    checks: tuple[Resolved, ...]
    """What the caller needs to be allowed. INVARIANT: an ACL is decided again at the revision that has it."""
    decided: tuple[Decided, ...]
    tell: Callable[[Event], Event]

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Raises Refused, Denied: the object is its bucket's owner's then, and private."""
        bucket = owned_bucket(snapshot, self.arn)
        decided = self.decided
        if self.made is not None and self.checks:
            decided = decided_again(self.execution, snapshot, self.parsed, self.checks)
        kept = snapshot.accounts[bucket.account].of(ObjectAcl)
        if self.made is not None and self.made.id not in kept.by_id:
            refuse_too_many(snapshot, bucket)
        for gone in self.gone:
            if (known := kept.get(gone)) is not None and (self.made is None or gone != self.made.id):
                unit.remove(known)
        if self.made is not None:
            put(unit, kept.get(self.made.id), replace(self.made, account=bucket.account))
        return Done(answer={}, event=self.tell(success_event(self.parsed, {}, decided)), decided=decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAcl:
    """PutObjectAcl, of the object which the upstream has told."""

    execution: Execution
    parsed: Parsed
    checks: tuple[Resolved, ...]
    """The first of them is on the object."""
    members: Mapping[str, Any]
    told: Told
    tell: Callable[[Event], Event]

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Raises Refused, Denied; OperationAborted if another object has taken the place of the one told."""
        arn, now = self.checks[0].resource, self.parsed.authenticated.routed.arrived.time
        bucket = owned_bucket(snapshot, arn)
        principal = self.parsed.authenticated.caller.principal
        known = exact(kept_of(snapshot, arn), self.told)
        owner = bucket.account if known is None else known.owner
        checks = tuple(with_acl(one, known, bucket) for one in self.checks)
        decided = decided_again(self.execution, snapshot, self.parsed, checks)
        owned = asked_acl_of(snapshot, self.members, bucket, arn, principal, owner)
        made = kept_as(bucket, arn, self.told, owned, now)
        there = snapshot.accounts[bucket.account].of(ObjectAcl).get(made.id)
        if there is not None and there is not known and there.set >= now:
            raise being_made()
        if Owned(owner, owned.acl) == by_default(bucket):
            if known is not None:
                unit.remove(known)
        else:
            if there is None:
                refuse_too_many(snapshot, bucket)
            put(unit, there, made)
        return Done(answer={}, event=self.tell(success_event(self.parsed, {}, decided)), decided=decided)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetAcls:
    """Forgets the kept state of objects that are deleted."""

    kept: tuple[ObjectAcl, ...]
    now: datetime

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        for one in self.kept:
            if snapshot.accounts[one.account].of(ObjectAcl).get(one.id) == one:
                unit.remove(one)
        parameters = {"bucketArn": self.kept[0].bucket, "count": len(self.kept)}
        event = event_without_request(OWN_SERVICE, "ForgetObjectAcls", str(uuid.uuid4()), self.now, parameters)
        return Done(answer={}, event=event, decided=())


def put(unit: UnitOfWork, known: ObjectAcl | None, made: ObjectAcl) -> None:
    if known is None:
        unit.add(made)
    else:
        unit.save(made)


class ObjectAcls:
    """The kept state of the objects of one installation."""

    def __init__(self, execution: Execution, writer: Writer) -> None:
        self.execution = execution
        self._writer = writer

    @property
    def snapshot(self) -> Snapshot:
        return self.execution.directory.snapshot

    async def change(self, change: MakeObject | SetAcl) -> Done:
        """Make it. Raises Refused, Denied, Unavailable."""
        return await self._make(change, change.parsed.authenticated.caller.principal.account)

    async def forget(self, kept: Iterable[ObjectAcl], now: datetime) -> None:
        """Forget the ACLs of objects that no longer exist. Raises Unavailable."""
        some = tuple(kept)
        for at in range(0, len(some), _AT_ONCE):
            await self._make(ForgetAcls(kept=some[at : at + _AT_ONCE], now=now), some[0].account)

    async def forget_bucket(self, arn: str, now: datetime) -> None:
        """Forget the ACLs of all objects of a bucket. Raises Refused for a bucket that nobody owns, Unavailable."""
        bucket = owned_bucket(self.snapshot, arn)
        await self.forget(self.snapshot.accounts[bucket.account].of(ObjectAcl).referring("bucket", arn), now)

    async def _make(self, change: MakeObject | SetAcl | ForgetAcls, account: str) -> Done:
        return await self._writer.make(change, account)
