"""What another SCP or RCP would have done to the calls of the past."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.log_files import JsonLines
from carnet.audit.reading import backwards
from carnet.audit.what_if import Difference, Edit, WhatIf, edited, what_if
from carnet.base.faults import Missing
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.services.account_removal import delete_account
from carnet.services.execution import Outcome
from tests.services.iam.documents import allow
from tests.services.organizations.estate import Estate, an_estate
from tests.services.sts.trust import ALLOW_ALL, ASSUME, assume, role, trusting
from tests.services.world import ServiceError, World, open_world

NO_STRANGERS = {
    "Sid": "NoStrangers",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sts:AssumeRole",
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "000000000000"}},
}


class Recorder:
    """A world whose calls are written to a log of decisions, as a server does."""

    def __init__(self, world: World, estate: Estate, path: Path) -> None:
        self.world = world
        self.estate = estate
        self.path = path
        self._log = DecisionLog(JsonLines(path))
        self._carried_out = world._carried_out
        world._carried_out = self._recording  # type: ignore[method-assign, assignment]

    def _recording(self, *given: Any) -> Outcome:
        outcome = self._carried_out(*given)
        if outcome.decided:
            number = str(self.world.clock().timestamp())
            call = DecidedCall(decision_id=number, time=self.world.clock(), decided=tuple(outcome.decided))
            self._log.write([call])
        return outcome

    def what_if(self, hours: int = 1, **given: Any) -> WhatIf:
        before = self.world.snapshot
        edit = Edit(organization=self.estate.organization, **given)
        since = self.world.clock() - timedelta(hours=hours)
        logs = [backwards(self.path)]
        return what_if(logs, since, before, edited(before, edit), organization=self.estate.organization)

    def policy(
        self, statement: Mapping[str, Any], type_: PolicyType = PolicyType.SERVICE_CONTROL
    ) -> OrganizationPolicy:
        document = {"Version": "2012-10-17", "Statement": {"Resource": "*", **statement}}
        return OrganizationPolicy(
            id="p-whatif0000",
            organization=self.estate.organization,
            type=type_,
            name="new",
            content=json.dumps(document),
        )


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    with open_world(tmp_path) as world:
        yield Recorder(world, an_estate(world), tmp_path / "decisions.jsonl")


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(ServiceError):
        yield


DENY = {"Sid": "NoUsers", "Effect": "Deny", "Action": "iam:ListUsers"}


def test_a_call_is_newly_denied_where_the_policy_would_bind(recorder: Recorder) -> None:
    world, estate = recorder.world, recorder.estate
    unit = estate.unit("Workloads")
    inside, outside = estate.member(unit), estate.member()
    for caller in (inside, inside, outside, world.root):
        world.call(caller, "ListUsers")
    world.call(inside, "ListRoles")
    told = recorder.what_if(target=unit, attach=recorder.policy(DENY))
    policy = world.snapshot.organizations[estate.organization].organization.arn_of(
        f"policy/{estate.organization}/service_control_policy/p-whatif0000"
    )
    assert told.differences == {
        Difference(
            allowed=False,
            principal=f"arn:aws:iam::{estate.account_of(inside)}:root",
            action="iam:ListUsers",
            statement=f"service control policy {policy}, statement NoUsers",
        ): 2
    }
    assert (told.decided >= 5, told.gone, told.hidden) == (True, 0, 0)
    assert world.call(inside, "ListUsers")["Users"] == []


def test_a_call_is_newly_allowed_by_what_is_detached(recorder: Recorder) -> None:
    world, estate = recorder.world, recorder.estate
    member = estate.member()
    policy = replace(recorder.policy(DENY), id="p-attached00")
    account = estate.account_of(member)
    with world.installation.store.write() as unit:
        unit.add(policy)
        node = world.snapshot.organizations[estate.organization].node(account)
        assert node is not None
        unit.save(replace(node, attached=(policy.id,)))
    world.installation.directory.catch_up()
    with refused():
        world.call(member, "ListUsers")
    (found,) = recorder.what_if(target=account, detach=policy.id).differences
    assert (found.allowed, found.action) == (True, "iam:ListUsers")
    assert found.statement.endswith("p-attached00, statement NoUsers")
    assert recorder.what_if(target=account, detach=policy.id, attach=recorder.policy(DENY)).differences == {}
    assert recorder.what_if(target=account, detach="p-FullAWSAccess").differences == {}
    with pytest.raises(Missing, match="is not attached"):
        recorder.what_if(target=account, detach="p-none")


def test_without_full_access_nothing_is_allowed(recorder: Recorder) -> None:
    member = recorder.estate.member()
    recorder.world.call(member, "ListUsers")
    (found,) = recorder.what_if(target=recorder.estate.root, detach="p-FullAWSAccess").differences
    assert found.statement == "no statement of a service control policy allows it"


def test_a_resource_control_policy_binds_what_the_accounts_own(recorder: Recorder) -> None:
    world, estate = recorder.world, recorder.estate
    member = estate.member()
    account = estate.account_of(member)
    trust = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"AWS": world.account_id},
            "Action": "sts:AssumeRole",
        },
    }
    world.call(member, "CreateRole", RoleName="open", AssumeRolePolicyDocument=json.dumps(trust))
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    alice = world.user("alice", [allow])
    role = f"arn:aws:iam::{account}:role/open"
    world.call(alice, "AssumeRole", service="sts", RoleArn=role, RoleSessionName="s")
    policy = recorder.policy(NO_STRANGERS, PolicyType.RESOURCE_CONTROL)
    (found,) = recorder.what_if(target=account, attach=policy).differences
    assert (found.principal, found.action) == (f"arn:aws:iam::{world.account_id}:user/alice", "sts:AssumeRole")
    assert found.statement.startswith("resource control policy ")


def test_who_calls_from_outside_counts_only_on_what_the_accounts_own(recorder: Recorder) -> None:
    world, estate = recorder.world, recorder.estate
    member, stranger = estate.member(), world.account()
    outside = estate.account_of(stranger)
    world.call(stranger, "ListUsers")
    policy = recorder.policy(NO_STRANGERS, PolicyType.RESOURCE_CONTROL)
    assert recorder.what_if(target=estate.root, attach=policy) == WhatIf()
    arn = role(world, "open", trusting(outside), root=member)
    before = recorder.what_if(target=estate.root, attach=policy)
    assume(world, world.user("caller", [ASSUME], root=stranger), arn)
    told = recorder.what_if(target=estate.root, attach=policy)
    (found,) = told.differences
    assert (found.principal, found.action) == (f"arn:aws:iam::{outside}:user/caller", "sts:AssumeRole")
    assert told.decided == before.decided + 1


def test_a_call_that_depended_on_a_value_that_the_log_hides_is_counted_and_not_decided(recorder: Recorder) -> None:
    world, member = recorder.world, recorder.estate.member()
    here = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    caller = world.user("caller", [allow("iam:ListUsers", condition=here)], root=member)
    recorder.path.write_bytes(b"")
    world.call(caller, "ListUsers")
    target = recorder.estate.root
    assert recorder.what_if(target=target, attach=recorder.policy(DENY)).decided == 1
    lines = recorder.path.read_bytes().splitlines(keepends=True)
    hidden = [line.replace(b'"us-east-1"', b'"HIDDEN"') if line.startswith(b'{"decision"') else line for line in lines]
    recorder.path.write_bytes(b"".join(hidden))
    assert recorder.what_if(target=target, attach=recorder.policy(DENY)) == WhatIf(hidden=1)


def test_calls_before_and_calls_whose_inputs_are_gone_are_not_decided(recorder: Recorder) -> None:
    world, estate = recorder.world, recorder.estate
    member = estate.member()
    stranger = world.account()
    world.call(member, "ListUsers")
    caller = world.user("caller", [ALLOW_ALL], root=member)
    world.clock.advance(2 * 3600)
    world.call(caller, "ListUsers")
    world.call(stranger, "ListUsers")
    delete_account(world.installation.store, account=estate.account_of(stranger), now=world.clock())
    world.installation.directory.catch_up()
    told = recorder.what_if(target=estate.root, attach=recorder.policy(DENY))
    assert (sum(told.differences.values()), told.decided, told.gone) == (1, 1, 1)
    lines = recorder.path.read_bytes().splitlines(keepends=True)
    recorder.path.write_bytes(b"".join(line for line in lines if not line.startswith(b'{"document"')))
    told = recorder.what_if(target=estate.root, attach=recorder.policy(DENY))
    assert (told.decided, told.gone) == (0, 2)


def test_the_target_must_be_there(recorder: Recorder) -> None:
    with pytest.raises(Missing, match="There is no root, organizational unit or account ou-none"):
        recorder.what_if(target="ou-none", attach=recorder.policy(DENY))
