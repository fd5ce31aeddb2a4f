"""Callers who ask for buckets and objects as the gateway lets them, without a wire and without an upstream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.steps import Arrived, Authenticated, Parsed, Routed
from carnet.base.faults import Denied, Refused
from carnet.base.http import HttpRequest
from carnet.entities.bucket import Bucket
from carnet.entities.new_buckets import NewBuckets
from carnet.gateway.buckets.kept_buckets import ANSWERED_HERE, KeptBuckets
from carnet.gateway.buckets.owners import Buckets, resolved
from carnet.gateway.checks.check import Refusal, Scope
from carnet.gateway.checks.mapping import mapped
from carnet.gateway.deciding import Resolved, decide
from carnet.identity.caller import Anonymous, Verified
from carnet.models.load import full_description
from carnet.models.service import Service
from carnet.server.writer import Writer
from tests.services.world import Caller, World, open_world

_S3 = Service.of("s3", full_description("s3"))
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
UPSTREAM = "store"


@dataclass(frozen=True)
class BucketWorld:
    """A world with an account whose root user has buckets, and another account beside it."""

    world: World
    writer: Writer
    other: Caller
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    """On one loop: the writer tells the outcome of a change to the loop that asked for the one before."""
    upstream: set[str] = field(default_factory=set[str])
    """What the upstream has."""

    @property
    def root(self) -> Caller:
        return self.world.root

    def account_of(self, caller: Caller) -> str:
        return self.world.principal(caller).principal.account

    def buckets(self, new: NewBuckets = NewBuckets.CURRENT) -> Buckets:
        return Buckets(self.world.installation.execution, self.writer, new)

    def bucket(self, name: str) -> Bucket | None:
        return self.world.snapshot.named(Bucket, f"arn:aws:s3:::{name}")

    def ask(self, caller: Caller | None, operation: str, **members: Any) -> Mapping[str, Any]:
        """The answer to what is answered here; nothing for what would be sent on. Raises Refused, Denied."""
        parsed, checks, decided = self.decided(caller, operation, **members)
        kept = KeptBuckets(self.world.installation.execution, self.writer)
        if operation == "ListBuckets":
            return kept.listed(parsed, members, decided).answer
        if operation not in ANSWERED_HERE:
            return {}
        answer: Mapping[str, Any] = self.run(kept.answer(parsed, operation, members, checks, decided)).answer
        return answer

    def decided(
        self, caller: Caller | None, operation: str, **members: Any
    ) -> tuple[Parsed, tuple[Resolved, ...], tuple[Decided, ...]]:
        """A request that is allowed. Raises Refused, Denied."""
        parsed = self.parsed(caller, operation)
        snapshot = self.world.snapshot
        checks = mapped("s3", operation, members, self.scope(parsed))
        if isinstance(checks, Refusal):
            raise Refused(checks.code, checks.message)
        on = tuple(resolved(snapshot, check) for check in checks)
        who = parsed.authenticated.caller
        assert isinstance(who, Verified | Anonymous)
        decided = decide(self.world.installation.execution, snapshot, who, parsed.authenticated.routed.arrived, on)
        if not decided[-1].decision.allowed:
            raise Denied(str(decided[-1].decision.layer))
        return parsed, on, tuple(decided)

    def parsed(self, caller: Caller | None, operation: str) -> Parsed:
        http = HttpRequest(method="GET", path="/", query="", headers=(), body=b"", peer="192.0.2.1", secure=True)
        arrived = Arrived(request_id="r", event_id="e", time=self.world.clock(), http=http)
        routed = Routed(
            arrived=arrived, operation=_S3.operations[operation], event_source="s3.amazonaws.com", read_only=False
        )
        who = Anonymous(region="us-east-1") if caller is None else self.world.principal(caller)
        return Parsed(authenticated=Authenticated(routed=routed, caller=who), given={})

    def scope(self, parsed: Parsed) -> Scope:
        who = parsed.authenticated.caller
        return Scope(partition="aws", region="us-east-1", account=who.principal.account)

    def create(
        self, caller: Caller, name: str, new: NewBuckets = NewBuckets.CURRENT, *, made: bool = True, **members: Any
    ) -> Bucket:
        """CreateBucket, with an upstream that makes it or does not."""
        parsed, checks, decided = self.decided(caller, "CreateBucket", Bucket=name, **members)

        async def create() -> Bucket:
            buckets = self.buckets(new)
            claimed = await buckets.claim(parsed, {"Bucket": name, **members}, checks, self.scope(parsed), UPSTREAM)
            if made:
                self.upstream.add(name)
                await buckets.confirm(parsed, claimed, decided, {})
            return claimed

        bucket: Bucket = self.run(create())
        return bucket

    def put_policy(self, caller: Caller, bucket: str, *statements: Mapping[str, Any]) -> None:
        self.ask(caller, "PutBucketPolicy", Bucket=bucket, Policy=policy(*statements))

    def unblock(self, bucket: str, caller: Caller | None = None, **switches: bool) -> None:
        """All switches off but those."""
        self.ask(
            caller or self.root,
            "PutPublicAccessBlock",
            Bucket=bucket,
            PublicAccessBlockConfiguration={"BlockPublicAcls": False, **switches},
        )


def policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: Any, action: str, resource: str, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": f"arn:aws:s3:::{resource}",
        **more,
    }


@contextmanager
def bucket_world(directory: Path) -> Iterator[BucketWorld]:
    with open_world(directory) as made, asyncio.Runner() as runner:
        writer = Writer(made.installation.execution)
        try:
            yield BucketWorld(made, writer, made.account(), runner.run)
        finally:
            writer.close()
