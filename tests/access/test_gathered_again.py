"""What was gathered for a caller stays through changes that it does not depend on, and through no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from carnet.access.gather import carried_by, policies_of
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.user import User
from carnet.identity.credential import Credential
from carnet.identity.principals import user_principal
from carnet.store.changes import Changes, Revision
from tests.directory.snapshots import row, snapshot_of
from tests.services.iam.documents import allow, text
from tests.stores.entities import ACCOUNT, ACCOUNT_ID, ALICE, GROUP, POLICY, a_user

MEMBER = replace(ALICE, groups=(GROUP.id,), boundary=None, attached=(), inline={}, tags={"team": "a"})
CREDENTIAL = Credential(key_id="AKIA", secret="s", principal=user_principal(MEMBER))

Derive = Callable[[Snapshot], object]


def _view(snapshot: Snapshot) -> AccountView:
    view = snapshot.account(ACCOUNT_ID)
    assert view is not None
    return view


def _changed(snapshot: Snapshot, *entities: object) -> Snapshot:
    changes = tuple(map(row, entities))
    return snapshot.with_changes(
        Changes(base=snapshot.revision, revision=Revision(snapshot.seq + 1, "epoch", b""), changes=changes)
    )


@pytest.fixture
def snapshot() -> Snapshot:
    return snapshot_of(ACCOUNT, MEMBER, GROUP)


def _policies(snapshot: Snapshot) -> object:
    return policies_of(_view(snapshot), CREDENTIAL)


def _carried(snapshot: Snapshot) -> object:
    return carried_by(snapshot, CREDENTIAL)


@pytest.mark.parametrize("derive", [_policies, _carried])
def test_another_user_changes_nothing_for_the_caller(snapshot: Snapshot, derive: Derive) -> None:
    before = derive(snapshot)
    assert derive(_changed(snapshot, a_user(2))) is before


@pytest.mark.parametrize(
    "changed",
    [
        replace(MEMBER, inline={"p": text(allow("iam:*"))}),
        replace(MEMBER, groups=()),
        replace(GROUP, inline={"p": text(allow("iam:*"))}),
    ],
    ids=["own policy", "groups", "policy of a group"],
)
def test_a_change_of_what_applies_to_the_caller_is_seen_at_once(snapshot: Snapshot, changed: object) -> None:
    before = policies_of(_view(snapshot), CREDENTIAL)
    after = policies_of(_view(_changed(snapshot, changed)), CREDENTIAL)
    fresh = policies_of(_view(snapshot_of(ACCOUNT, MEMBER, GROUP, changed)), CREDENTIAL)
    assert after == fresh
    assert after is not before


def test_the_document_of_a_boundary_and_its_coming_are_seen_at_once() -> None:
    snapshot = snapshot_of(ACCOUNT, replace(MEMBER, boundary=POLICY.arn))
    there = _changed(snapshot, POLICY)
    other = replace(POLICY, versions=(replace(POLICY.versions[0], document=text(allow("sqs:*"))),), default_version=1)
    seen = [policies_of(_view(one), CREDENTIAL).boundary for one in (snapshot, there, _changed(there, other))]
    assert len({boundary.text for boundary in seen if boundary is not None}) == 3


def test_tags_of_the_caller_are_seen_at_once(snapshot: Snapshot) -> None:
    assert carried_by(snapshot, CREDENTIAL).keys["aws:PrincipalTag/team"] == "a"
    after: User = replace(MEMBER, tags={"team": "b"})
    assert carried_by(_changed(snapshot, after), CREDENTIAL).keys["aws:PrincipalTag/team"] == "b"
