"""What a key made before it ended stays good, as on AWS; what a node that was late has made with it since does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet.entities.ended_key import EndedKey
from carnet.jobs.expired import forget_expired
from carnet.services import ended_keys
from carnet.services.accounts import replace_root_keys
from carnet.store.rows.ended_keys import KEPT_DAYS, expired
from tests.provisioning.planning import applied
from tests.services.sts.trust import ALLOW_ALL, assume, role
from tests.services.world import Caller, ServiceError, World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path / "one") as made:
        yield made


@contextmanager
def late_node(world: World, path: Path, **more: Any) -> Iterator[World]:
    """Another node on the same store, which learns of nothing: its directory does not follow."""
    settings = world.installation.settings
    with open_world(path, database_url=settings.store_url, master_key_file=settings.master_key, **more) as late:
        world.installation.directory.catch_up()
        late.clock = world.clock
        yield late


def session_token(world: World, caller: Caller) -> Caller:
    return world.session(world.call(caller, "GetSessionToken", service="sts"))


def assumed(world: World, caller: Caller, arn: str) -> Caller:
    return world.session(assume(world, caller, arn))


def lives(world: World, caller: Caller) -> bool:
    return world.installation.execution.credentials.find(caller.key_id, caller.token) is not None


def end(world: World, user: str, caller: Caller, how: str = "delete") -> None:
    given = {"UserName": user, "AccessKeyId": caller.key_id}
    if how == "delete":
        world.call(world.root, "DeleteAccessKey", **given)
    else:
        world.call(world.root, "UpdateAccessKey", **given, Status="Inactive")


@pytest.mark.parametrize("how", ["delete", "deactivate"])
def test_what_a_late_node_makes_with_an_ended_key_is_refused(world: World, tmp_path: Path, how: str) -> None:
    alice = world.user("alice", [ALLOW_ALL])
    arn = role(world, "reader")
    with late_node(world, tmp_path) as late:
        end(world, "alice", alice, how)
        world.clock.advance(1)
        first = session_token(late, alice)
        chained = assumed(late, first, arn)
        laundered = [first, chained, assumed(late, alice, arn), assumed(late, chained, arn)]
        assert [lives(late, one) for one in laundered] == [True] * 4
        assert [lives(world, one) for one in laundered] == [False] * 4
        late.installation.directory.catch_up()
        assert [lives(late, one) for one in laundered] == [False] * 4


@pytest.mark.parametrize("how", ["delete", "deactivate"])
def test_sessions_of_before_go_on_and_make_further_ones(world: World, how: str) -> None:
    alice = world.user("alice", [ALLOW_ALL])
    arn = role(world, "reader")
    sessions = [session_token(world, alice), assumed(world, alice, arn)]
    end(world, "alice", alice, how)
    world.clock.advance(600)
    sessions += [assumed(world, one, arn) for one in sessions]
    assert [lives(world, one) for one in sessions] == [True] * 4


def test_a_key_that_is_active_again_does_not_revive_what_was_made_meanwhile(world: World, tmp_path: Path) -> None:
    alice = world.user("alice", [ALLOW_ALL])
    with late_node(world, tmp_path) as late:
        before = session_token(world, alice)
        end(world, "alice", alice, "deactivate")
        world.clock.advance(60)
        meanwhile = session_token(late, alice)
        world.clock.advance(60)
        world.call(world.root, "UpdateAccessKey", UserName="alice", AccessKeyId=alice.key_id, Status="Active")
        after = session_token(world, alice)
        assert [lives(world, one) for one in (before, meanwhile, after)] == [True, False, True]
        end(world, "alice", alice)
        world.clock.advance(1)
        assert [lives(world, one) for one in (before, after)] == [True, True]


def test_a_key_with_a_given_id_is_known_by_it_and_may_be_given_again(world: World, tmp_path: Path) -> None:
    """Its account cannot be read from its id."""
    given = {"AccessKeyId": "AKIAGIVENTOMETHEREBY", "SecretAccessKey": "s" * 40}
    alice = Caller(given["AccessKeyId"], given["SecretAccessKey"])

    def give(status: str) -> None:
        applied(world, {"UserDetailList": [{"UserName": "alice", "AccessKeys": [{**given, "Status": status}]}]})

    give("Active")
    with late_node(world, tmp_path) as late:
        sessions = [session_token(world, alice)]
        end(world, "alice", alice)
        world.clock.advance(60)
        sessions.append(session_token(late, alice))
        world.clock.advance(60)
        give("Active")
        sessions.append(session_token(world, alice))
        assert [lives(world, one) for one in sessions] == [True, False, True]
        give("Inactive")
        assert [lives(world, one) for one in sessions] == [True, False, True]


def test_a_root_key_that_the_operator_replaces(world: World, tmp_path: Path) -> None:
    with late_node(world, tmp_path) as late:
        before = session_token(world, world.root)
        here = world.installation
        replace_root_keys(here.operator_call(), account=world.account_id)
        here.directory.catch_up()
        world.clock.advance(1)
        laundered = session_token(late, world.root)
        assert [lives(world, one) for one in (before, laundered)] == [True, False]


def test_a_key_whose_end_nobody_remembers_leaves_no_sessions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended_keys, "MOST_OF_AN_ACCOUNT", 2)
    sessions = []
    for name in ("one", "two", "three"):
        user = world.user(name, [ALLOW_ALL])
        sessions.append(session_token(world, user))
        end(world, name, user)
        world.clock.advance(1)
        if name == "two":
            assert [lives(world, one) for one in sessions] == [True, True]
    assert [lives(world, one) for one in sessions] == [False, True, True]
    known = world.snapshot.accounts[world.account_id].of(EndedKey)
    assert len(known) == 2


@pytest.mark.parametrize(("days", "kept"), [(KEPT_DAYS - 1, True), (KEPT_DAYS + 1, False)])
def test_ends_are_remembered_for_a_week(world: World, days: int, kept: bool) -> None:
    alice = world.user("alice")
    session = session_token(world, alice)
    end(world, "alice", alice)
    store, directory = world.installation.store, world.installation.directory
    (ended,) = world.snapshot.accounts[world.account_id].of(EndedKey)
    with store.write() as unit:
        unit.save(replace(ended, changed=store.clock() - timedelta(days=days)))
    lease = store.leases.take("ended-keys", "me")
    assert lease is not None
    assert list(forget_expired(store, lease, expired=expired)) == [None]
    directory.catch_up()
    assert len(world.snapshot.accounts[world.account_id].of(EndedKey)) == kept
    assert lives(world, session) == kept


@pytest.mark.parametrize(("seconds", "given_out"), [(29.0, True), (31.0, False)])
def test_a_node_that_cannot_follow_for_too_long_gives_out_no_sessions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, given_out: bool
) -> None:
    with open_world(tmp_path, session_max_staleness=30) as world:
        alice = world.user("alice", [ALLOW_ALL])
        arn = role(world, "reader")
        held = session_token(world, alice)
        directory = world.installation.directory
        confirmed = directory._confirmed
        monkeypatch.setattr("carnet.directory.directory.monotonic", lambda: confirmed + seconds)
        if given_out:
            assert assume(world, held, arn)
        else:
            for operation in (session_token, lambda world, caller: assume(world, caller, arn)):
                with pytest.raises(ServiceError, match="not been able to follow its store") as refused:
                    operation(world, alice)
                assert refused.value.code == "ServiceUnavailable"
        assert lives(world, held)
        world.call(alice, "ListUsers")
        directory.catch_up()
        assert assume(world, held, arn)
