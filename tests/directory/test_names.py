"""Names that are unique in the installation, change by change: none is lost, none is left, and none is looked at that
does not change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.entities.scope import account_scope
from carnet.store.changes import Change, Changes, Revision
from tests.counting import counted
from tests.directory.snapshots import row, snapshot_of
from tests.stores.entities import NOW

ACCOUNTS = tuple(Account(id=f"{number:012}", name="n", email="", created=NOW) for number in range(3))
MANY = 2_000


def session(name: int, grant: str, account: Account = ACCOUNTS[0]) -> OAuthSession:
    return OAuthSession(
        id=f"session-{name}",
        account=account.id,
        kind=Grantor.PERSON,
        holder="ann",
        client="client",
        client_name="client",
        grant=grant,
        created=NOW,
        expires=NOW,
        rotated=NOW,
    )


def after(snapshot: Snapshot, rows: Iterable[Change], *whole: Account) -> Snapshot:
    revision = Revision(snapshot.seq + 1, "epoch", b"")
    scopes = frozenset(account_scope(account.id) for account in whole)
    changes = Changes(base=snapshot.revision, revision=revision, changes=tuple(rows), whole=scopes)
    return snapshot.with_changes(changes)


def gone(entity: OAuthSession | Account) -> Change:
    return replace(row(entity), entity=None)


def test_a_change_looks_at_no_names_that_do_not_change() -> None:
    few, many = (snapshot_of(*ACCOUNTS, *(session(n, f"g{n}") for n in range(count))) for count in (2, MANY))
    costs = []
    for snapshot in (few, many):
        after(snapshot, [row(session(0, "g0"))])
        with counted() as calls:
            later = after(snapshot, [row(replace(session(0, "other"), revoked=True)), gone(session(1, "g1"))])
            costs.append(calls())
        assert later.named(OAuthSession, "g0") is later.named(OAuthSession, "g1") is None
        assert later.named(OAuthSession, "other") == replace(session(0, "other"), revoked=True)
    assert costs[1] < costs[0] + MANY / 10


@pytest.mark.parametrize("seed", range(20))
def test_names_are_those_of_what_is_there(seed: int) -> None:
    """Sessions come, go, move to other accounts and hand on their grants; accounts go and are loaded anew."""
    random = Random(seed)
    kept = {name: session(name, f"g{name}") for name in range(6)}
    snapshot = snapshot_of(*ACCOUNTS, *kept.values())
    for step in range(20):
        before, grants = dict(kept), [f"g{name}" for name in range(8)]
        random.shuffle(grants)
        for name in random.sample(range(6), 3):
            kept.pop(name, None)
        free = [grant for grant in grants if grant not in {one.grant for one in kept.values()}]
        for name in random.sample(sorted(set(range(6)) - set(kept)), 2):
            kept[name] = session(name, free.pop(), random.choice(ACCOUNTS))
        rows = [gone(before[name]) for name in before.keys() - kept.keys()]
        for name in [name for name in kept if kept[name] != before.get(name)]:
            moved = name in before and before[name].account != kept[name].account
            rows += [row(kept[name]), *([gone(before[name])] if moved else [])]
        whole = ACCOUNTS[step % 3] if step % 4 == 0 else None
        if whole is not None:
            rows = [one for one in rows if one.scope.id != whole.id]
            rows += [row(whole), *(row(one) for one in kept.values() if one.account == whole.id)]
        snapshot = after(snapshot, rows, *(() if whole is None else (whole,)))
        names = {one.grant: one for one in kept.values()}
        assert {grant: snapshot.named(OAuthSession, grant) for grant in grants} == {
            grant: names.get(grant) for grant in grants
        }
    emptied = after(snapshot, [gone(ACCOUNTS[0])])
    left = {(OAuthSession, one.grant) for one in kept.values() if one.account != ACCOUNTS[0].id}
    assert set(emptied.shown.names) == left
