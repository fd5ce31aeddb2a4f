"""What a decision costs does not depend on how many accounts the organization has. Steps are counted, not seconds."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType

import pytest

from carnet.access.authorize import Check, Decided, authorize
from carnet.access.organization_policies import scps_of
from carnet.base.faults import Unavailable
from carnet.directory.snapshot import Snapshot
from carnet.entities.membership import Membership
from carnet.entities.organization import Organization
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.identity.principals import root_principal
from carnet.policy.compile import Engine
from carnet.policy.policies import Policies
from carnet.policy.request import Context
from carnet.store.changes import Changes, Revision
from tests.directory.snapshots import row, snapshot_of
from tests.services.iam.documents import deny, text
from tests.stores.entities import ACCOUNT

ORGANIZATION, ROOT, UNIT = "o-aaaaaaaaaa", "r-aaaa", "ou-aaaa-aaaaaaaa"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
CHECK = Check(action="iam:ListUsers", resource="*", resource_account=ACCOUNT.id)


def member(account: str) -> OrganizationAccount:
    return OrganizationAccount(
        id=account, organization=ORGANIZATION, parent=UNIT, joined_method=JoinedMethod.CREATED, joined=THEN
    )


def among(accounts: int) -> Snapshot:
    """An account of an organization with so many of them, under an SCP of the root and one of its unit."""
    policies = [
        OrganizationPolicy(
            id=f"p-{number:08}",
            organization=ORGANIZATION,
            type=PolicyType.SERVICE_CONTROL,
            name=f"policy-{number}",
            content=text(deny(f"iam:Delete{number}*")),
        )
        for number in range(2)
    ]
    return snapshot_of(
        ACCOUNT,
        Membership(account=ACCOUNT.id, organization=ORGANIZATION),
        Organization(
            id=ORGANIZATION,
            management="999999999999",
            created=THEN,
            policy_types=("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"),
        ),
        OrganizationalUnit(id=ROOT, organization=ORGANIZATION, parent=None, name="Root", attached=("p-00000000",)),
        OrganizationalUnit(id=UNIT, organization=ORGANIZATION, parent=ROOT, name="Unit", attached=("p-00000001",)),
        member(ACCOUNT.id),
        *(member(f"5{number:011}") for number in range(accounts - 1)),
        *policies,
    )


def decided(engine: Engine, snapshot: Snapshot) -> Decided:
    return authorize(engine, snapshot, root_principal(ACCOUNT), OWN, Context(), CHECK)


OWN = Policies()


def steps(engine: Engine, snapshot: Snapshot) -> int:
    """How many functions one decision calls, of Python and of C."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        decided(engine, snapshot)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("later", [False, True], ids=["the first decision", "a later one"])
def test_a_decision_takes_as_many_steps_among_10_accounts_as_among_10_000(later: bool) -> None:
    decided(Engine(), among(1))  # documents are read once in a process
    counted = []
    for accounts in (10, 10_000):
        engine, snapshot = Engine(), among(accounts)
        if later:
            decided(engine, snapshot)
        counted.append(steps(engine, snapshot))
    assert counted[0] == counted[1]


def test_a_decision_looks_at_the_policies_on_the_path_alone() -> None:
    made = decided(Engine(), among(1_000))
    assert made.decision.allowed
    assert [len(level) for level in made.policies.scp] == [2, 2]
    assert made.policies.rcp == ()


def test_a_later_decision_is_put_to_the_very_same_policies() -> None:
    engine, snapshot = Engine(), among(10)
    assert decided(engine, snapshot).policies is decided(engine, snapshot).policies
    assert scps_of(snapshot, ACCOUNT.id) is scps_of(snapshot, ACCOUNT.id)


def test_a_policy_that_is_not_there_allows_nothing() -> None:
    """What it forbids is not known."""
    before = among(1)
    view = before.organization_of(ACCOUNT.id)
    assert view is not None
    gone = replace(row(view.of(OrganizationPolicy).by_id["p-00000001"]), entity=None)
    changes = Changes(base=before.revision, revision=Revision(2, "epoch", b""), changes=(gone,))
    with pytest.raises(Unavailable, match=f"The policies of the organization {ORGANIZATION} cannot be read"):
        decided(Engine(), before.with_changes(changes))
