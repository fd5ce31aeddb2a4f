"""Snapshots: each shows one state, an account with a row that cannot be read is not shown at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from carnet.directory.account_view import AccountView, Attachments
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.role import Role
from carnet.entities.scope import Scope, account_scope
from carnet.entities.user import User
from carnet.store.changes import Change, Changes, Revision
from carnet.store.rows.users import USERS
from tests.directory.snapshots import row, snapshot_of
from tests.stores.entities import (
    ACCOUNT,
    ACCOUNT_ID,
    ALICE,
    ALL,
    GROUP,
    KEY,
    NOW,
    POLICY,
    POLICY_ARN,
    PROFILE,
    ROLE,
)

OTHER_ID = "444455556666"
OTHER = Account(id=OTHER_ID, name="other", email="", created=NOW)


def _gone(entity: object) -> Change:
    return replace(row(entity), entity=None)


def _after(snapshot: Snapshot, changes: Iterable[Change], unreadable: frozenset[Scope] = frozenset()) -> Snapshot:
    revision = Revision(snapshot.seq + 1, "epoch", b"")
    return snapshot.with_changes(
        Changes(base=snapshot.revision, revision=revision, changes=tuple(changes), unreadable=unreadable)
    )


EVERYTHING = tuple(map(row, (*ALL, OTHER)))


@pytest.fixture
def snapshot() -> Snapshot:
    return snapshot_of(*ALL, OTHER)


@pytest.fixture
def view(snapshot: Snapshot) -> AccountView:
    return snapshot.accounts[ACCOUNT_ID]


def test_everything_is_found(snapshot: Snapshot, view: AccountView) -> None:
    assert view.account == ACCOUNT
    assert view.of(User).named("ALICE") == ALICE
    assert view.of(Group).get("AGPA1") == GROUP
    assert view.of(Role).named("deploy") == ROLE
    assert view.of(InstanceProfile).sorted() == (PROFILE,)
    assert view.of(AccessKey).get("AKIA1") == KEY
    assert snapshot.account(OTHER_ID) is not None
    assert snapshot.account("9" * 12) is None
    assert snapshot.seq == 1


def test_what_belongs_together_is_found_from_the_other_side(view: AccountView) -> None:
    assert view.keys_of("AIDA1") == (KEY,)
    assert view.members("AGPA1") == (ALICE,)
    assert view.profiles_of("AROA1") == (PROFILE,)
    assert view.attachments(POLICY_ARN) == Attachments(
        users=(ALICE,), groups=(GROUP,), roles=(ROLE,), boundary_users=(ALICE,), boundary_roles=(ROLE,)
    )
    assert view.attachments("arn:aws:iam::aws:policy/Other").users == ()


@pytest.mark.parametrize("arn", [POLICY_ARN.lower(), POLICY_ARN.replace("/ops", ""), POLICY_ARN + "x", "Deploy", ""])
def test_a_policy_is_found_by_its_exact_arn(view: AccountView, arn: str) -> None:
    assert view.policy(POLICY_ARN) == POLICY
    assert view.policy(arn) is None


def test_a_change_leaves_the_snapshot_before_as_it_was(snapshot: Snapshot, view: AccountView) -> None:
    view.memo["derived"] = 1
    later = _after(snapshot, [_gone(ALICE), row(replace(ROLE, boundary=None))])
    now = later.accounts[ACCOUNT_ID]
    assert (now.of(User).get("AIDA1"), now.members("AGPA1"), now.attachments(POLICY_ARN).boundary_roles) == (
        None,
        (),
        (),
    )
    assert now.memo == {}
    assert view.of(User).get("AIDA1") == ALICE
    assert view.attachments(POLICY_ARN).boundary_roles == (ROLE,)
    assert snapshot.accounts[ACCOUNT_ID] is view
    assert later.accounts[OTHER_ID] is snapshot.accounts[OTHER_ID]


def test_an_account_is_found_by_its_alias_until_the_alias_goes(snapshot: Snapshot, view: AccountView) -> None:
    assert snapshot.by_alias("example") is view
    assert snapshot.by_alias("example", "aws-cn") is None
    handed_on = _after(snapshot, [row(replace(OTHER, alias="example")), row(replace(ACCOUNT, alias=None))])
    assert handed_on.by_alias("example") is handed_on.accounts[OTHER_ID]
    assert _after(handed_on, [_gone(OTHER)]).by_alias("example") is None


def test_a_removed_account_is_gone_with_all_that_is_in_it(snapshot: Snapshot) -> None:
    later = _after(snapshot, [_gone(ALICE), _gone(ACCOUNT)])
    assert set(later.accounts) == {OTHER_ID}
    assert later.by_alias("example") is None


def test_an_unreadable_account_is_not_shown_and_stays_so(snapshot: Snapshot) -> None:
    later = _after(snapshot, [row(ALICE)], unreadable=frozenset({account_scope(ACCOUNT_ID)}))
    assert (later.account(ACCOUNT_ID), later.by_alias("example")) == (None, None)
    assert later.account(OTHER_ID) is not None
    still = _after(later, EVERYTHING)
    assert still.account(ACCOUNT_ID) is None
    assert still.quarantined == {account_scope(ACCOUNT_ID)}


def test_a_whole_load_gives_an_account_another_chance(snapshot: Snapshot) -> None:
    broken = _after(snapshot, [], unreadable=frozenset({account_scope(ACCOUNT_ID)}))
    loaded = broken.with_changes(Changes(base=None, revision=Revision(9, "epoch", b""), changes=EVERYTHING))
    assert loaded.account(ACCOUNT_ID) is not None
    assert loaded.quarantined == frozenset()


def test_a_whole_load_forgets_what_was_there(snapshot: Snapshot) -> None:
    loaded = snapshot.with_changes(Changes(base=None, revision=Revision(9, "epoch", b""), changes=(row(OTHER),)))
    assert set(loaded.accounts) == {OTHER_ID}
    assert loaded.by_alias("example") is None


def test_an_account_that_cannot_be_shown_hides_no_other(snapshot: Snapshot) -> None:
    nonsense = Change(USERS, account_scope(ACCOUNT_ID), "AIDA9", GROUP.path)  # as a bug would have it
    later = _after(snapshot, [nonsense, row(replace(OTHER, name="renamed"))])
    assert later.account(ACCOUNT_ID) is None
    assert later.quarantined == {account_scope(ACCOUNT_ID)}
    assert later.accounts[OTHER_ID].account.name == "renamed"


def test_what_was_found_by_its_name_is_looked_for_again_after_a_change(snapshot: Snapshot) -> None:
    name = (ACCOUNT.partition, "acme")
    assert snapshot.named(Account, name) is None
    called = replace(ACCOUNT, alias="acme")
    with_alias = _after(snapshot, [row(called)])
    assert with_alias.named(Account, name) == with_alias.named(Account, name) == called
    renamed = _after(with_alias, [row(replace(called, name="another"))])
    assert renamed.named(Account, name) == replace(called, name="another")
    assert _after(renamed, [row(ACCOUNT)]).named(Account, name) is None
    assert with_alias.named(Account, name) == called
