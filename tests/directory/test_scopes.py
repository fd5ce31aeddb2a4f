"""What is remembered on the view of one scope stays through changes of every other."""

from __future__ import annotations

import pytest

from carnet.directory.scope_view import ScopeView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.scope import INSTALLATION, Scope, ScopeKind, account_scope
from carnet.entities.user import User
from carnet.store.changes import Changes, Revision
from tests.directory.snapshots import row, snapshot_of
from tests.stores.entities import ACCOUNT, ACCOUNT_ID, ALICE, NOW
from tests.stores.invented import ORGANIZATION, ORGANIZATION_ID, TYPES, Curfew, Guardrail

OTHER_ID = "444455556666"
OTHER = Account(id=OTHER_ID, name="other", email="", created=NOW)


def _guardrails(view: ScopeView) -> tuple[str, ...]:
    return tuple(guardrail.text for guardrail in view.of(Guardrail))


def _curfews(view: ScopeView) -> tuple[str, ...]:
    return tuple(curfew.id for curfew in view.of(Curfew))


def _user_names(view: ScopeView) -> tuple[str, ...]:
    return tuple(user.name for user in view.of(User))


def _layers(snapshot: Snapshot) -> tuple[tuple[str, ...], ...]:
    """As a request would compose what applies to it: each scope's own, remembered on its own view."""
    return (
        snapshot.installation.derived(_curfews),
        snapshot.organizations[ORGANIZATION_ID].derived(_guardrails),
        snapshot.accounts[ACCOUNT_ID].derived(_user_names),
    )


def _with(snapshot: Snapshot, *entities: object) -> Snapshot:
    changes = tuple(row(entity, TYPES) for entity in entities)
    return snapshot.with_changes(
        Changes(base=snapshot.revision, revision=Revision(snapshot.seq + 1, "epoch", b""), changes=changes)
    )


@pytest.fixture
def snapshot() -> Snapshot:
    return snapshot_of(
        ACCOUNT, ALICE, OTHER, ORGANIZATION, Guardrail(id="g-1", text="no"), Curfew(id="c-1"), types=TYPES
    )


def test_what_is_derived_is_the_same_object_for_as_long_as_its_view_lives(snapshot: Snapshot) -> None:
    first, second = _layers(snapshot), _layers(snapshot)
    assert first == (("c-1",), ("no",), ("alice",))
    assert all(one is other for one, other in zip(first, second, strict=True))


def test_a_change_of_an_organization_leaves_the_views_of_accounts_and_what_they_remember(snapshot: Snapshot) -> None:
    before = _layers(snapshot)
    account, organization = snapshot.accounts[ACCOUNT_ID], snapshot.organizations[ORGANIZATION_ID]
    memo = dict(account.memo)
    later = _with(snapshot, Guardrail(id="g-1", text="never"))
    assert later.organizations[ORGANIZATION_ID] is not organization
    assert later.accounts[ACCOUNT_ID] is account
    assert later.accounts[OTHER_ID] is snapshot.accounts[OTHER_ID]
    assert account.memo == memo
    after = _layers(later)
    assert (after[0] is before[0], after[1], after[2] is before[2]) == (True, ("never",), True)


def test_a_change_of_an_account_leaves_the_other_views(snapshot: Snapshot) -> None:
    before = _layers(snapshot)
    later = _with(snapshot, User(id="AIDA2", account=ACCOUNT_ID, name="bob", created=NOW))
    after = _layers(later)
    assert (after[0] is before[0], after[1] is before[1], len(after[2])) == (True, True, 2)
    assert later.accounts[OTHER_ID] is snapshot.accounts[OTHER_ID]


def test_a_view_has_no_entities_of_another_scope(snapshot: Snapshot) -> None:
    with pytest.raises(KeyError):
        snapshot.accounts[ACCOUNT_ID].of(Guardrail)
    with pytest.raises(KeyError):
        snapshot.organizations[ORGANIZATION_ID].of(User)
    assert snapshot.organizations[ORGANIZATION_ID].scope == Scope(ScopeKind.ORGANIZATION, ORGANIZATION_ID)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("111122223333", account_scope("111122223333")),
        ("o-exampleorgid", Scope(ScopeKind.ORGANIZATION, "o-exampleorgid")),
        ("", INSTALLATION),
        ("11112222333", INSTALLATION),
        ("o-short", INSTALLATION),
        ("r-exam", INSTALLATION),
    ],
)
def test_an_id_tells_its_scope_and_one_of_an_unknown_form_is_the_installations(text: str, scope: Scope) -> None:
    assert Scope.of_id(text) == scope


def test_a_scope_shows_its_kind_and_id() -> None:
    assert [str(scope) for scope in (account_scope("1" * 12), INSTALLATION)] == ["account 111111111111", "installation"]
