"""Answers requests about the bucket state that is kept here: policies, ACLs, Object Ownership, Block Public Access."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.events import Event, success_event
from carnet.audit.steps import Parsed
from carnet.base.faults import Refused
from carnet.directory.snapshot import Snapshot
from carnet.entities.bucket import Bucket
from carnet.gateway.buckets.bucket_change import decided_again
from carnet.gateway.buckets.bucket_listing import listed
from carnet.gateway.buckets.bucket_operations import OF_ENCRYPTION, OF_THE_OWNER, READS, WRITES, Asked
from carnet.gateway.buckets.bucket_policy_text import read_bucket_policy
from carnet.gateway.buckets.owners import owned_bucket
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3_sentences import METHOD_NOT_ALLOWED
from carnet.server.writer import Writer
from carnet.services.execution import Done, Execution
from carnet.store.unit_of_work import UnitOfWork

_POLICY = "Policy"
ANSWERED_HERE = frozenset((*READS, *WRITES)) - OF_ENCRYPTION
"""Operations of Amazon S3 on one bucket, by botocore's names, that no upstream answers."""


class KeptBuckets:
    """The kept state of the buckets of one installation."""

    def __init__(self, execution: Execution, writer: Writer) -> None:
        self._execution = execution
        self._writer = writer

    def listed(self, parsed: Parsed, members: Mapping[str, Any], decided: tuple[Decided, ...]) -> Done:
        """Answer ListBuckets, once it is allowed, with the buckets of the caller's account. Raises Refused."""
        view = self._execution.directory.snapshot.accounts[parsed.authenticated.caller.principal.account]
        return Done(answer=listed(view, members), event=success_event(parsed, {}, decided), decided=decided)

    async def answer(
        self,
        parsed: Parsed,
        operation: str,
        members: Mapping[str, Any],
        checks: tuple[Resolved, ...],
        decided: tuple[Decided, ...],
        tell: Callable[[Event], Event] = lambda event: event,
    ) -> Done:
        """Answer one of ANSWERED_HERE or OF_ENCRYPTION that was allowed: `decided` on `checks`, first the bucket's.

        `Done.answer` are the members of the answer, by the model's names. A change is decided again when it is made.
        `tell` adds to the event what the caller of this method knows. Raises Refused with the code of Amazon S3,
        Denied, Unavailable.
        """
        arn, members = checks[0].resource, dict(members)
        principal = parsed.authenticated.caller.principal
        bucket = owned_bucket(self._execution.directory.snapshot, arn)
        if operation in OF_THE_OWNER and principal.account != bucket.account:
            raise Refused("MethodNotAllowed", METHOD_NOT_ALLOWED)
        if operation in READS:
            snapshot = self._execution.directory.snapshot
            asked = Asked(snapshot=snapshot, bucket=bucket, members=members, principal=principal)
            answer = READS[operation](asked)
            return Done(answer=answer, event=tell(success_event(parsed, {}, decided)), decided=decided)
        if _POLICY in members:
            await asyncio.to_thread(read_bucket_policy, members[_POLICY], bucket.partition, bucket.name)
        return await self._make(
            _Edit(
                execution=self._execution,
                parsed=parsed,
                checks=checks,
                members=members,
                edit=WRITES[operation],
                tell=tell,
            )
        )

    async def _make(self, change: _Edit) -> Done:
        return await self._writer.make(change, change.parsed.authenticated.caller.principal.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """A change of one bucket's kept state: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    checks: tuple[Resolved, ...]
    members: Mapping[str, Any]
    edit: Callable[[Asked], Bucket]
    tell: Callable[[Event], Event]

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make it. Raises Refused, Denied."""
        decided = decided_again(self.execution, snapshot, self.parsed, self.checks)
        bucket = owned_bucket(snapshot, self.checks[0].resource)
        principal = self.parsed.authenticated.caller.principal
        edited = self.edit(Asked(snapshot=snapshot, bucket=bucket, members=self.members, principal=principal))
        if edited != bucket:
            unit.save(edited)
        return Done(answer={}, event=self.tell(success_event(self.parsed, {}, decided)), decided=decided)
