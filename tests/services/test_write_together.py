"""Changes that are committed together: each finds what the one before has left, and is refused alone."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, NoReturn

import pytest
from msgspec.structs import replace
from sqlalchemy import RootTransaction, event

from carnet.base.faults import Unavailable
from carnet.directory.snapshot import Snapshot
from carnet.policy.at_once import AT_ONCE, spend
from carnet.services import execution as execution_module
from carnet.services.execution import Done, Failed, Outcome, Requested
from carnet.services.operation import Operation
from carnet.services.registry import SERVICES
from carnet.store import group_commit
from carnet.store.faults import OutcomeUnknown
from carnet.store.unit_of_work import UnitOfWork
from tests.services.world import Caller, World

ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}
MADE = "made"


def asked(world: World, caller: Caller, name: str, **given: Any) -> Requested:
    operation = SERVICES["iam"].operations[name]
    return Requested(operation=operation, parsed=world.parsed(operation, world.principal(caller), given))


def create(world: World, caller: Caller, name: str) -> Requested:
    return asked(world, caller, "CreateUser", UserName=name)


def told(outcome: Outcome) -> str:
    """`made`, or the error code that the caller is told."""
    if isinstance(outcome, Done):
        return MADE
    problem: Any = outcome.problem
    return SERVICES["iam"].code(problem) if hasattr(problem, "message") else type(problem).__name__


def together(world: World, *changes: Requested) -> list[str]:
    return [told(outcome) for outcome in world.installation.execution.write_together(changes)]


def users_of(world: World) -> set[str]:
    listed: list[Mapping[str, str]] = world.call(world.root, "ListUsers")["Users"]
    return {user["UserName"] for user in listed}


def test_a_key_writes_nothing_after_its_deletion_in_the_same_group(world: World) -> None:
    alice = world.user("alice", [ALLOW])
    changes = (
        create(world, alice, "before"),
        asked(world, world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id),
        create(world, alice, "after"),
        create(world, world.root, "other"),
    )
    assert together(world, *changes) == [MADE, MADE, "InvalidClientTokenId", MADE]
    assert users_of(world) == {"alice", "before", "other"}


def test_a_right_that_is_taken_away_is_gone_for_the_rest_of_the_group(world: World) -> None:
    alice = world.user("alice", [ALLOW])
    changes = (
        create(world, alice, "before"),
        asked(world, world.root, "DeleteUserPolicy", UserName="alice", PolicyName="p0"),
        create(world, alice, "after"),
    )
    assert together(world, *changes) == [MADE, MADE, "AccessDenied"]
    assert users_of(world) == {"alice", "before"}


def test_a_right_that_is_given_holds_for_the_rest_of_the_group(world: World) -> None:
    alice = world.user("alice")
    policy = {"UserName": "alice", "PolicyName": "p", "PolicyDocument": json.dumps(ALLOW)}
    changes = (
        create(world, alice, "a"),
        asked(world, world.root, "PutUserPolicy", **policy),
        create(world, alice, "b"),
    )
    assert together(world, *changes) == ["AccessDenied", MADE, MADE]


def test_a_name_is_taken_within_the_group(world: World) -> None:
    root = world.root
    changes = [create(world, root, name) for name in ("one", "ONE", "two")]
    assert together(world, *changes) == [MADE, "EntityAlreadyExists", MADE]
    changes = [asked(world, root, "DeleteUser", UserName="one"), create(world, root, "one")]
    assert together(world, *changes) == [MADE, MADE]
    assert users_of(world) == {"one", "two"}


def test_a_change_that_nobody_foresaw_to_fail_fails_alone(world: World) -> None:
    def body(*_: object) -> NoReturn:
        raise ZeroDivisionError

    one, wrong, two = (create(world, world.root, name) for name in ("one", "wrong", "two"))
    wrong = replace(wrong, operation=_with_body(wrong, body))
    assert together(world, one, wrong, two) == [MADE, "ZeroDivisionError", MADE]
    assert users_of(world) == {"one", "two"}


def _with_body(change: Requested, body: Any) -> Operation:
    return dataclasses.replace(change.operation, body=body)


def test_each_change_has_a_revision_and_its_event(world: World) -> None:
    seq = world.snapshot.seq
    together(world, *(create(world, world.root, name) for name in ("one", "one", "two")))
    events = world.installation.store.audit_events(seq)
    assert [(seq - world.snapshot.seq, told["requestParameters"]) for seq, told in events] == [
        (-1, {"userName": "one"}),
        (0, {"userName": "two"}),
    ]
    world.installation.directory.catch_up()
    assert world.snapshot.revision == world.installation.store.revision()


def test_readers_see_nothing_of_a_group_before_its_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    commit = group_commit._commit

    def look(transaction: RootTransaction) -> None:
        seen.append(users_of(world))
        commit(transaction)

    monkeypatch.setattr(group_commit, "_commit", look)
    assert together(world, *(create(world, world.root, name) for name in ("one", "two"))) == [MADE, MADE]
    assert seen == [set()]
    assert users_of(world) == {"one", "two"}


def test_a_fault_of_the_commit_is_told_to_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(transaction: RootTransaction) -> NoReturn:
        transaction.rollback()
        raise OutcomeUnknown

    before = world.snapshot
    changes = [create(world, world.root, name) for name in ("one", "one", "two")]
    with monkeypatch.context() as patched:
        patched.setattr(group_commit, "_commit", lost)
        outcomes = world.installation.execution.write_together(changes)
    assert [isinstance(one, Failed) and isinstance(one.problem, OutcomeUnknown) for one in outcomes] == [True] * 3
    assert world.snapshot is before
    assert together(world, *changes) == [MADE, "EntityAlreadyExists", MADE]


def test_a_full_disk_fails_all_and_leaves_nothing(world: World) -> None:
    backend = world.installation.store._backend
    pages = 0

    def limit(connection: Any) -> None:
        nonlocal pages
        pages = pages or connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    changes = [create(world, world.root, f"user-{number}") for number in range(60)]
    event.listen(backend.writer, "begin", limit)
    outcomes = world.installation.execution.write_together(changes)
    event.remove(backend.writer, "begin", limit)
    failed = [one for one in outcomes if isinstance(one, Failed) and isinstance(one.problem, Unavailable)]
    assert failed, "the disk was not full"
    assert len(users_of(world)) == len(outcomes) - len(failed)
    world.installation.directory.catch_up()
    assert len(users_of(world)) == len(outcomes) - len(failed)
    assert world.snapshot.revision == world.installation.store.revision()


def test_a_group_that_takes_long_leaves_the_rest_for_another_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [create(world, world.root, name) for name in ("one", "two", "three")]
    monkeypatch.setattr(execution_module, "_GROUP_SECONDS", 0)
    assert together(world, *changes) == [MADE]
    monkeypatch.setattr(execution_module, "_GROUP_SECONDS", 60)
    assert together(world, *changes[1:]) == [MADE, MADE]


class Deciding:
    """A change that reads so much of policies, and then adds nothing."""

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        spend(self._characters)
        return Done(answer={}, event={}, decided=())


def test_a_change_that_would_keep_the_others_waiting_for_its_policies_is_refused(world: World) -> None:
    """Whoever asked for it has decided before, so they have changed since."""
    changes = (Deciding(AT_ONCE), Deciding(AT_ONCE + 1), create(world, world.root, "other"))
    first, second, third = world.installation.execution.write_together(changes)
    assert (told(first), told(third)) == (MADE, MADE)
    assert isinstance(second, Failed)
    assert isinstance(second.problem, Unavailable)
    assert "other" in users_of(world)
