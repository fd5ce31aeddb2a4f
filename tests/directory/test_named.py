"""Whatever changes, an index says what looking at every entity would say."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from operator import attrgetter

from hypothesis import given
from hypothesis import strategies as st

from carnet.base.ids import Ids
from carnet.directory.indexed import Indexed
from carnet.directory.named import Named
from carnet.entities.access_key import AccessKey
from carnet.entities.entity import name_key
from carnet.entities.user import User
from carnet.store.rows.access_keys import ACCESS_KEYS
from carnet.store.rows.users import USERS

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
IDS = [f"AIDA{number}" for number in range(6)]
GROUPS = ["AGPA1", "AGPA2", "AGPA3"]


def _user(key: str, name: str, groups: tuple[str, ...]) -> User:
    return User(id=key, account="1" * 12, name=name, created=CREATED, groups=groups)


@st.composite
def _worlds(draw: st.DrawFn) -> Mapping[str, User]:
    """Some users, with names that differ by more than case."""
    keys = draw(st.lists(st.sampled_from(IDS), unique=True))
    names = draw(
        st.lists(
            st.sampled_from(["a", "B", "b", "Cc", "cC", "d", "E", "f", "G"]),
            unique_by=name_key,
            min_size=len(keys),
            max_size=len(keys),
        )
    )
    groups = [tuple(draw(st.lists(st.sampled_from(GROUPS), unique=True))) for _ in keys]
    return {key: _user(key, name, joined) for key, name, joined in zip(keys, names, groups, strict=True)}


def _difference(before: Mapping[str, User], after: Mapping[str, User]) -> dict[str, User | None]:
    return {key: after.get(key) for key in IDS if before.get(key) != after.get(key)}


def _agrees(users: Named[User], world: Mapping[str, User]) -> None:
    by_name = sorted(world.values(), key=attrgetter("name_key"))
    assert len(users) == len(world)
    assert list(users.sorted()) == by_name
    for group in GROUPS:
        assert list(users.referring("groups", group)) == [user for user in by_name if group in user.groups]
    for name in "aAbBcCdDeEfFgG":
        for each in (name, name * 2):
            assert users.named(each) == next((user for user in by_name if name_key(user.name) == name_key(each)), None)
    for key in IDS:
        assert users.get(key) == world.get(key)


@given(st.lists(_worlds(), max_size=6), st.booleans())
def test_each_state_shows_its_own_world_for_ever(worlds: list[Mapping[str, User]], indexed_early: bool) -> None:
    states: list[tuple[Named[User], Mapping[str, User]]] = [(Named(USERS), {})]
    for world in worlds:
        users, before = states[-1]
        if indexed_early:  # the reverse index is then carried along, else it is made anew
            users.referring("groups", GROUPS[0])
        states.append((users.changed(_difference(before, world)), world))
    for users, world in states:
        _agrees(users, world)


def test_a_name_can_pass_from_one_entity_to_another_in_one_change() -> None:
    users = Named(USERS).changed({"AIDA1": _user("AIDA1", "x", ()), "AIDA2": _user("AIDA2", "y", ())})
    swapped = users.changed({"AIDA1": _user("AIDA1", "Y", ()), "AIDA2": _user("AIDA2", "X", ())})
    assert [getattr(swapped.named(name), "id", None) for name in "xy"] == ["AIDA2", "AIDA1"]
    assert [getattr(users.named(name), "id", None) for name in "xy"] == ["AIDA1", "AIDA2"]


def test_only_ascii_case_is_disregarded() -> None:
    users = Named(USERS).changed({"AIDA1": _user("AIDA1", "key", ())})
    assert users.named("KEY") is not None
    assert users.named("\N{KELVIN SIGN}ey") is None


def test_only_keys_whose_account_cannot_be_read_have_a_name_in_the_installation() -> None:
    """A change of one key must not look at all others: an account may have ten thousand."""
    ids = [Ids(secrets.token_bytes).access_key("111122223333") for _ in range(3)]
    keys = {
        key_id: AccessKey(id=key_id, account="111122223333", owner="AIDA1", sealed_secret=b"", created=CREATED)
        for key_id in (*ids, "AKIAIOSFODNN7EXAMPLE")
    }
    indexed = Indexed(ACCESS_KEYS).changed(keys)
    assert dict(indexed.installation_names) == {"AKIAIOSFODNN7EXAMPLE": "AKIAIOSFODNN7EXAMPLE"}
    assert dict(indexed.changed({"AKIAIOSFODNN7EXAMPLE": None}).installation_names) == {}
