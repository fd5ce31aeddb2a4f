"""Whoever follows step by step sees what a new reader sees, whatever is written that he does not know."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from carnet.directory.directory import Directory
from carnet.directory.snapshot import Snapshot
from carnet.entities.scope import INSTALLATION, Scope, ScopeKind
from carnet.entities.user import User
from carnet.store.store import Store
from tests.stores.entities import ACCOUNT_ID, a_user, an_account
from tests.stores.invented import ORGANIZATION, ORGANIZATION_ID, TYPES, Curfew, Guardrail, Note, a_badge, make_tables

OTHER_ID = "444455556666"
STEPS = 60
THINGS: tuple[Any, ...] = (
    *(a_user(number) for number in range(3)),
    *(a_user(number, account=OTHER_ID) for number in range(3, 6)),
    a_badge(1),
    a_badge(2),
    Guardrail(id="g-1", text="no"),
    Curfew(id="c-1"),
    Note(id="n-1"),
)


@pytest.fixture
def newer(database: str) -> Iterator[Store]:
    make_tables(database)
    with closing(Store.open(database, types=TYPES, known_everywhere=lambda _connection, _kind: True)) as store:
        an_account(store)
        an_account(store, OTHER_ID)
        with store.write() as unit:
            unit.add(ORGANIZATION)
        yield store


def _shown(snapshot: Snapshot) -> dict[str, frozenset[str]]:
    return {key: frozenset(user.id for user in view.of(User)) for key, view in snapshot.accounts.items()}


@pytest.mark.parametrize("seed", range(3))
def test_a_follower_of_an_older_release_sees_what_a_restarted_one_sees(newer: Store, database: str, seed: int) -> None:
    chance = random.Random(seed)
    there: set[str] = set()
    held: set[object] = set()
    with closing(Store.open(database)) as older:
        directory = Directory(older)
        for _ in range(STEPS):
            with newer.write() as unit:
                for thing in chance.sample(THINGS, chance.randint(1, 3)):
                    (unit.remove if thing.id in there else unit.add)(thing)
                    there ^= {thing.id}
            if chance.random() < 0.6:
                restarted = Directory(older).snapshot
                followed = directory.catch_up()
                assert followed.revision == restarted.revision
                assert followed.quarantined == restarted.quarantined
                assert _shown(followed) == _shown(restarted)
                held |= followed.quarantined
    assert {INSTALLATION, Scope(ScopeKind.ORGANIZATION, ORGANIZATION_ID)} < held, "too little was tried"
    assert ACCOUNT_ID in {getattr(scope, "id", "") for scope in held}
