"""A new kind is its entity, its EntityType and a table: store, log, directory and account follow from that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from carnet.base.faults import Unavailable
from carnet.directory.directory import Directory
from carnet.directory.scope_view import ScopeView
from carnet.store.entity_types import ENTITY_TYPES, EntityTypes
from carnet.store.faults import Taken
from carnet.store.nodes import Node
from carnet.store.rows.users import USERS
from carnet.store.store import Store
from tests.stores.entities import ACCOUNT, ACCOUNT_ID, ALICE, a_user, add_all, an_account
from tests.stores.invented import (
    BADGES,
    CURFEWS,
    GUARDRAILS,
    ORGANIZATION,
    ORGANIZATION_ID,
    TYPES,
    Badge,
    Curfew,
    Guardrail,
    a_badge,
    make_tables,
)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    make_tables(database)
    with closing(Store.open(database, types=TYPES, known_everywhere=lambda _connection, _kind: True)) as store:
        yield store


def _view(directory: Directory) -> ScopeView:
    return directory.catch_up().accounts[ACCOUNT_ID]


def test_an_entity_of_an_account_is_stored_followed_found_and_removed(store: Store) -> None:
    an_account(store)
    own, other = Directory(store), Directory(store)
    badge = a_badge(1, wearer="AIDA1")
    with store.write() as unit:
        unit.add(badge)
    own.apply(unit.committed)
    for directory in (own, other):
        badges = _view(directory).of(Badge)
        assert badges.named("BADGE1") == badge
        assert badges.referring("wearer", "AIDA1") == (badge,)
        assert badges.sorted() == (badge,)
    with store.write() as unit:
        unit.save(replace(badge, wearer=None))
    assert _view(other).of(Badge).referring("wearer", "AIDA1") == ()
    with store.write() as unit:
        unit.remove(badge)
    assert _view(other).of(Badge).named("Badge1") is None


def test_the_name_is_unique(store: Store) -> None:
    an_account(store)
    with store.write() as unit:
        unit.add(a_badge(1))

    def write() -> None:
        with store.write() as unit:
            unit.add(replace(a_badge(2), name="BADGE1"))

    with pytest.raises(Taken, match="The badge BADGE1 already exists"):
        write()


def test_an_account_is_removed_with_all_that_is_in_it(store: Store) -> None:
    with store.write() as unit:
        add_all(unit)
        unit.add(a_badge(1, wearer="AIDA1"))
    directory = Directory(store)
    removed = list(_view(directory).in_order_of_deletion(store.types))
    with store.write() as unit:
        for entity in removed:
            unit.remove(entity)
    assert removed[-1] == ACCOUNT
    assert removed.index(a_badge(1, wearer="AIDA1")) < removed.index(ALICE)
    assert not directory.catch_up().accounts


def test_entities_of_an_organization_and_of_the_installation_are_in_views_of_their_own(store: Store) -> None:
    an_account(store)
    guardrail, curfew = Guardrail(id="g-1", text="no"), Curfew(id="c-1")
    directory, other = Directory(store), Directory(store)
    before = directory.snapshot
    with store.write() as unit:
        unit.add(ORGANIZATION)
        unit.add(guardrail)
        unit.add(curfew)
    directory.apply(unit.committed)
    for snapshot in (directory.snapshot, other.catch_up(), Directory(store).snapshot):
        assert snapshot.organizations[ORGANIZATION_ID].of(Guardrail).get("g-1") == guardrail
        assert snapshot.named(Guardrail, "no") == guardrail
        assert snapshot.installation.of(Curfew).sorted() == (curfew,)
    assert directory.snapshot.accounts[ACCOUNT_ID] is before.accounts[ACCOUNT_ID]
    with store.write() as unit:
        unit.remove(guardrail)
        unit.remove(ORGANIZATION)
    gone = other.catch_up()
    assert ORGANIZATION_ID not in gone.organizations
    assert gone.named(Guardrail, "no") is None


def test_a_kind_that_decides_is_written_only_when_every_node_knows_it(store: Store, database: str) -> None:
    asked: list[str] = []

    def known_everywhere(_connection: object, kind: str) -> bool:
        asked.append(kind)
        return False

    with closing(Store.open(database, types=TYPES, known_everywhere=known_everywhere)) as cautious:
        an_account(cautious)
        with cautious.write() as unit:
            unit.add(a_user(1))
        assert asked == []  # kinds that every release has

        def write() -> None:
            with cautious.write() as unit:
                unit.add(a_badge(1))

        before = cautious.revision()
        with pytest.raises(Unavailable, match="badge"):
            write()
        assert (asked, cautious.revision()) == (["badge"], before)
    older = Node(id="older", release="0.0.9", features=frozenset({"user"}), seq=0)
    store.nodes.join(older)
    with closing(Store.open(database, types=TYPES)) as beside:
        with pytest.raises(Unavailable), beside.write() as unit:
            unit.add(a_badge(1))
        store.nodes.report(replace(older, features=frozenset({"user", "badge"})))
        with beside.write() as unit:
            unit.add(a_badge(2))
    with store.write() as unit:
        unit.add(a_badge(1))
    assert unit.committed is not None


@pytest.mark.parametrize("twice", [BADGES, replace(BADGES, kind="other"), replace(CURFEWS, kind="badge")])
def test_two_kinds_of_one_class_or_word_are_refused(twice: object) -> None:
    with pytest.raises(ValueError, match="one class or one word"):
        EntityTypes(BADGES, twice)  # type: ignore[arg-type] # parametrized over several types


def test_kinds_that_refer_to_each_other_in_a_circle_have_no_order_of_deletion() -> None:
    circle = replace(GUARDRAILS, references=BADGES.references)
    users = replace(USERS, references={"guardrail": type(BADGES.references["wearer"])(Guardrail, lambda _: ())})
    with pytest.raises(ValueError, match="cycle"):
        EntityTypes(circle, users)


def test_what_refers_is_deleted_before_what_it_refers_to() -> None:
    kinds = [each.kind for each in ENTITY_TYPES.in_order_of_deletion]
    assert kinds.index("access key") < kinds.index("user") < kinds.index("group") < kinds.index("policy")
    assert kinds.index("instance profile") < kinds.index("role") < kinds.index("policy") < kinds.index("account")
