"""Access point and bucket decide together: cases as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from carnet.entities.access_point import AccessPoint
from carnet.entities.public_access_block import NO_BLOCK, AccountPublicAccess, PublicAccessBlock
from carnet.gateway.buckets.access_points import with_arn
from carnet.gateway.buckets.owners import resolved
from carnet.gateway.buckets.through import keys_of, through
from carnet.gateway.checks.check import Refusal
from carnet.gateway.checks.mapping import mapped
from carnet.gateway.deciding import Resolved, decide
from carnet.identity.caller import Anonymous, Verified
from tests.gateway.bucket_world import BucketWorld, bucket_world
from tests.services.world import Caller

B, KEY = "shop", "k"
CASES = yaml.safe_load(Path(__file__).with_name("through.yaml").read_text("utf-8"))
RESTRICTED = PublicAccessBlock(restrict_public_buckets=True)


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketWorld]:
    with bucket_world(tmp_path_factory.mktemp("through")) as made:
        made.create(made.root, B)
        yield made


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case(some: BucketWorld, case: Mapping[str, Any]) -> None:
    unknown = set(case) - {"name", "caller", "point", "identity", "access_point", "bucket", "on", "denied"}
    assert not unknown, "a case says something that is not read"
    world = _World(some, case)
    world.prepare()
    decided = world.decided()
    expected = case.get("denied")
    decision = decided[-1].decision
    assert ("" if decision.allowed else decision.layer) == (expected or ""), decided[-1].check


def test_an_access_point_that_is_gone_denies(some: BucketWorld) -> None:
    world = _World(some, {"name": "gone", "identity": [{"Resource": "*"}]})
    world.prepare()
    asked = world.asked()
    world.forget()
    assert not world.decided(asked)[-1].decision.allowed


class _World:
    """A case, in a bucket's world."""

    def __init__(self, some: BucketWorld, case: Mapping[str, Any]) -> None:
        self.some, self.case = some, case
        self.own, self.other = some.account_of(some.root), some.account_of(some.other)
        account = self.own if case.get("point", "own") == "own" else self.other
        on = case.get("on", ())
        self.point = AccessPoint(
            account=account,
            region="us-east-1",
            name="ap",
            alias=f"ap-{account}",
            bucket=B,
            bucket_account=self.own,
            created=some.world.clock(),
            block=RESTRICTED if "point" in on else NO_BLOCK,
            tags={"team": "a"},
        )
        self.resource = self.point.resource(f"arn:aws:s3:::{B}/{KEY}")
        self.caller: Caller | None = None
        self.arn = "*"

    def prepare(self) -> None:
        name = f"u{CASES.index(self.case) if self.case in CASES else 'x'}"
        who = self.case.get("caller", "own")
        if who != "nobody":
            root = self.some.root if who == "own" else self.some.other
            identity = [self._statement(one, Resource=self.resource) for one in self.case.get("identity", ())]
            self.caller = self.some.world.user(name, [{"Statement": identity}] if identity else [], root=root)
            self.arn = f"arn:aws:iam::{self.some.account_of(root)}:user/{name}"
        self._put_bucket_policy()
        statements = [self._of_resource(one, self.resource) for one in self.case.get("access_point", ())]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None
        on = self.case.get("on", ())
        with self.some.world.installation.store.write() as unit:
            known = with_arn(self.some.world.snapshot, self.point.arn)
            made = replace(self.point, policy=policy)
            (unit.add if known is None else unit.save)(made)
            self._block_account(unit, on="account" in on)
        self.some.world.installation.directory.catch_up()

    def _block_account(self, unit: Any, *, on: bool) -> None:
        known = self.some.world.snapshot.accounts[self.point.account].of(AccountPublicAccess).get(self.point.account)
        block = AccountPublicAccess(account=self.point.account, block=RESTRICTED if on else NO_BLOCK)
        if known is None:
            unit.add(block)
        elif known != block:
            unit.save(block)

    def _put_bucket_policy(self) -> None:
        self.some.unblock(B)
        statements = [self._of_resource(one, f"arn:aws:s3:::{B}/*") for one in self.case.get("bucket", ())]
        if statements:
            self.some.put_policy(self.some.root, B, *statements)
        else:
            self.some.ask(self.some.root, "DeleteBucketPolicy", Bucket=B)
        if "bucket" in self.case.get("on", ()):
            self.some.unblock(B, RestrictPublicBuckets=True)

    def _of_resource(self, given: Mapping[str, Any], resource: str) -> dict[str, Any]:
        principal: Any = "*" if self.arn == "*" else {"AWS": self.arn}
        return self._statement(given, Principal=principal, Resource=resource)

    def _statement(self, given: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        text = json.dumps({"Effect": "Allow", "Action": "s3:GetObject", **more, **given})
        for name, value in (("POINT", self.point.arn), ("OWN", self.own), ("OTHER", self.other)):
            text = text.replace(f'"{name}"', f'"{value}"')
        found: dict[str, Any] = json.loads(text)
        return found

    def asked(self) -> tuple[Resolved, ...]:
        parsed = self.some.parsed(self.caller, "GetObject")
        checks = mapped("s3", "GetObject", {"Bucket": B, "Key": KEY}, self.some.scope(parsed))
        assert not isinstance(checks, Refusal)
        found = [resolved(self.some.world.snapshot, check) for check in checks]
        return tuple(
            one._replace(
                check=structs.replace(
                    one.check,
                    keys={**one.check.keys, **keys_of(self.point), "s3:ResourceAccount": one.account},
                    unknown=one.check.unknown - {"s3:ResourceAccount"},
                ),
                through=through(self.point, one.resource),
            )
            for one in found
        )

    def decided(self, asked: tuple[Resolved, ...] | None = None) -> Any:
        parsed = self.some.parsed(self.caller, "GetObject")
        who = parsed.authenticated.caller
        assert isinstance(who, Verified | Anonymous)
        execution, arrived = self.some.world.installation.execution, parsed.authenticated.routed.arrived
        return decide(execution, self.some.world.snapshot, who, arrived, asked or self.asked())

    def forget(self) -> None:
        with self.some.world.installation.store.write() as unit:
            unit.remove(self.point)
        self.some.world.installation.directory.catch_up()
