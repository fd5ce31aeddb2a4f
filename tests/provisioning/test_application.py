"""How a plan is carried out: in chunks, at once, and while others change something."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carnet.base.faults import TooMany
from carnet.directory.directory import Directory
from carnet.provisioning import application
from carnet.provisioning.application import Interrupted
from carnet.store.store import Store
from tests.provisioning.planning import ALLOW, applied, applying, done, planned
from tests.services.world import World

KEY = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_PAUSE_SECONDS", 0)


def users(*names: str, **members: Any) -> dict[str, Any]:
    return {"UserDetailList": [{"UserName": name, **members} for name in names]}


def names(world: World) -> list[str]:
    return [user["UserName"] for user in world.call(world.root, "ListUsers")["Users"]]


def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From now on, how many units each transaction has."""
    made: list[int] = []
    group = Store.group

    def counted(self: Store) -> Any:
        made.append(0)
        return group(self)

    monkeypatch.setattr(Store, "group", counted)
    return made


def test_chunks_have_at_most_so_many_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_CHUNK_STEPS", 4)
    monkeypatch.setattr(application, "_CHUNK_SECONDS", 60)
    told: list[tuple[int, int]] = []
    inline = [{"PolicyName": "p", "PolicyDocument": ALLOW}]
    plan = planned(world, users("a", "b", "c", "d", "e", UserPolicyList=inline))
    applying(world).apply(plan, lambda *done: told.append(done))
    assert told == [(2, 5), (4, 5), (5, 5)]
    assert names(world) == ["a", "b", "c", "d", "e"]


def test_a_chunk_ends_when_its_time_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_CHUNK_SECONDS", 0)
    told: list[tuple[int, int]] = []
    applying(world).apply(planned(world, users("a", "b", "c")), lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_thing_with_more_steps_than_a_chunk_is_made_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_CHUNK_STEPS", 2)
    inline = [{"PolicyName": f"p{number}", "PolicyDocument": ALLOW} for number in range(5)]
    told: list[tuple[int, int]] = []
    applying(world).apply(planned(world, users("a", "b", UserPolicyList=inline)), lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]


def test_at_once_is_one_transaction_of_at_most_so_many_steps(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "MOST_STEPS", 3)
    made = commits(monkeypatch)
    with pytest.raises(TooMany, match="The plan has 4 steps, and at most 3 are made at once"):
        applying(world).apply_at_once(planned(world, users("a", "b", "c", "d")))
    assert made == []
    applying(world).apply_at_once(planned(world, users("a", "b", "c")))
    assert len(made) == 1
    assert names(world) == ["a", "b", "c"]


def test_at_once_is_all_or_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_CHUNK_STEPS", 1)  # which is of what is not made at once
    data = {"GroupDetailList": [{"GroupName": "g"}], **users("a", "b")}
    data["UserDetailList"][1]["GroupList"] = ["other"]
    world.call(world.root, "CreateGroup", GroupName="other")
    plan = planned(world, data)
    world.call(world.root, "DeleteGroup", GroupName="other")
    with pytest.raises(Interrupted, match="The group with name other cannot be found") as caught:
        applying(world).apply_at_once(plan)
    assert (caught.value.wanted.name, caught.value.done) == ("b", 0)
    assert names(world) == []
    assert world.call(world.root, "ListGroups")["Groups"] == []


def test_what_was_interrupted_goes_on_where_it_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_CHUNK_STEPS", 2)
    data = users("a", "b", "c", "d")
    data["UserDetailList"][2]["GroupList"] = ["other"]
    world.call(world.root, "CreateGroup", GroupName="other")
    plan = planned(world, data)
    world.call(world.root, "DeleteGroup", GroupName="other")
    with pytest.raises(Interrupted) as caught:
        applying(world).apply(plan)
    assert caught.value.done == 2
    assert names(world) == ["a", "b"]
    world.call(world.root, "CreateGroup", GroupName="other")
    assert list(done(applied(world, data))) == ["c", "d"]


def test_what_others_did_meanwhile_is_found(world: World) -> None:
    plan = planned(world, users("a", "b", Path="/x/"))
    world.call(world.root, "CreateUser", UserName="a")
    applying(world).apply(plan)
    assert planned(world, users("a", "b", Path="/x/")).steps == 0


def test_what_another_process_did_meanwhile_is_found(world: World) -> None:
    """The steps are found at the revision that is locked, whatever this process has followed by then."""
    mine, plan = applying(world), planned(world, users("a", "b", Path="/x/"))
    behind = replace(mine, directory=Directory(mine.store))
    world.call(world.root, "CreateUser", UserName="a")
    behind.apply(plan)
    mine.directory.catch_up()
    assert planned(world, users("a", "b", Path="/x/")).steps == 0


def test_each_step_is_audited_without_secrets(world: World) -> None:
    before = world.installation.store.revision().seq
    applied(world, {**users("a", AccessKeys=[KEY]), "RootAccessKeys": []})
    events = [event for _, event in world.installation.store.audit_events(before)]
    assert [(event["eventSource"], event["eventName"]) for event in events] == [
        ("iam.amazonaws.com", "CreateUser"),
        ("carnet", "CreateAccessKey"),
    ]
    assert {event["recipientAccountId"] for event in events} == {world.account_id}
    assert {event["userIdentity"]["type"] for event in events} == {"Operator"}
    assert KEY["SecretAccessKey"] not in json.dumps(events)


def test_only_the_operator_performs_without_policies() -> None:
    holders = [path for path in Path("src").rglob("*.py") if "perform_for_operator" in path.read_text()]
    assert sorted(path.as_posix() for path in holders) == [
        "src/carnet/provisioning/operator.py",
        "src/carnet/services/operation.py",
    ]
