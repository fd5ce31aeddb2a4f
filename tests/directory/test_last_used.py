"""Last-used times are gathered in memory and shared through the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from carnet.base.faults import Unavailable
from carnet.directory.last_used import LastUsed
from carnet.jobs.periodic import Periodic
from carnet.policy.request import Principal, PrincipalKind
from carnet.store.last_used import Attempt, KeyUse, RoleUse, Uses
from carnet.store.store import Store
from tests.waiting import eventually

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(f"sqlite:///{tmp_path / 'carnet.db'}")) as store:
        yield store


def test_a_use_is_known_at_once_and_written_with_the_next_flush(store: Store) -> None:
    last_used = LastUsed(store)
    last_used.note_key("AKIA1", KeyUse(NOON, "iam", "us-east-1"))
    last_used.note_role("AROA1", RoleUse(NOON, "eu-west-1"))
    assert last_used.key("AKIA1") == KeyUse(NOON, "iam", "us-east-1")
    assert last_used.role("AROA1") == RoleUse(NOON, "eu-west-1")
    assert last_used.key("AKIA2") is None
    assert store.last_uses.load(EVER) == Uses()
    last_used.flush()
    assert store.last_uses.load(EVER) == Uses(
        keys={"AKIA1": KeyUse(NOON, "iam", "us-east-1")}, roles={"AROA1": RoleUse(NOON, "eu-west-1")}
    )
    assert last_used.key("AKIA1") == KeyUse(NOON, "iam", "us-east-1")


def test_more_uses_than_one_batch_are_all_written(store: Store) -> None:
    last_used = LastUsed(store)
    for number in range(1201):
        last_used.note_key(f"AKIA{number}", KeyUse(NOON, "iam", "us-east-1"))
    last_used.flush()
    assert len(store.last_uses.load(EVER).keys) == 1201


def test_the_uses_of_another_process_are_learned_and_the_newest_counts(store: Store) -> None:
    ours, theirs = LastUsed(store), LastUsed(store)
    ours.note_key("AKIA1", KeyUse(NOON, "iam", "us-east-1"))
    ours.flush()
    ours.load()
    theirs.note_key("AKIA1", KeyUse(NOON + timedelta(seconds=1), "sts", "eu-west-1"))
    theirs.note_key("AKIA2", KeyUse(NOON - timedelta(minutes=59), "sts", "eu-west-1"))
    theirs.flush()
    ours.load()
    assert ours.key("AKIA1") == KeyUse(NOON + timedelta(seconds=1), "sts", "eu-west-1")
    assert ours.key("AKIA2") is not None, "a use that was written late"
    ours.note_key("AKIA1", KeyUse(NOON, "iam", "us-east-1"))
    assert ours.key("AKIA1") == KeyUse(NOON + timedelta(seconds=1), "sts", "eu-west-1")


def test_only_what_was_written_since_the_last_look_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for a minute: it may not have been committed by then, or the database's clock has been set back."""
    last_used, clock = LastUsed(store), [NOON]
    read: list[datetime] = []
    load = store.last_uses.load
    monkeypatch.setattr(last_used, "_clock", lambda: clock[0])

    def noted(since: datetime) -> Uses:
        read.append(since)
        return load(since)

    monkeypatch.setattr(store.last_uses, "load", noted)
    for hours in (0, 1, -2):
        clock[0] = NOON + timedelta(hours=hours)
        last_used.load()
    last_used.load()
    minute = timedelta(minutes=1)
    hour = timedelta(hours=1)
    assert read == [EVER, NOON - minute, NOON + hour - minute, NOON - 2 * hour - minute]


def test_what_is_read_counts_from_before_it_was_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = LastUsed(store), LastUsed(store)
    load = store.last_uses.load

    def then_written(since: datetime) -> Uses:
        found = load(since)
        theirs.note_key("AKIA1", KeyUse(NOON - timedelta(days=9), "iam", "us-east-1"))
        theirs.flush()
        return found

    monkeypatch.setattr("carnet.directory.last_used._LATENESS", timedelta(0))
    monkeypatch.setattr(store.last_uses, "load", then_written)
    ours.load()
    assert ours.key("AKIA1") is None
    ours.load()
    assert ours.key("AKIA1") is not None


def test_uses_are_kept_while_the_store_is_down(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    last_used = LastUsed(store)
    last_used.note_key("AKIA1", KeyUse(NOON, "iam", "us-east-1"))

    def down(*_: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(store.last_uses, "save", down)
        with pytest.raises(Unavailable):
            last_used.flush()
    assert last_used.key("AKIA1") is not None
    last_used.flush()
    assert set(store.last_uses.load(EVER).keys) == {"AKIA1"}


def test_the_job_writes_what_was_noted_and_what_is_left_at_the_end(store: Store) -> None:
    last_used = LastUsed(store)
    job = Periodic("last-used", last_used.exchange, seconds=0.01, at_end=last_used.exchange)
    job.start()
    last_used.note_key("AKIA1", KeyUse(NOON, "iam", "us-east-1"))
    eventually(lambda: store.last_uses.load(EVER).keys)
    last_used.note_key("AKIA2", KeyUse(NOON, "iam", "us-east-1"))
    job.stop()
    assert set(store.last_uses.load(EVER).keys) == {"AKIA1", "AKIA2"}


def test_no_note_is_lost_to_a_flush_beside_it(store: Store) -> None:
    last_used = LastUsed(store)
    keys = [f"AKIA{number}" for number in range(5000)]

    def note_all() -> None:
        for key in keys:
            last_used.note_key(key, KeyUse(NOON, "iam", "us-east-1"))

    thread = Thread(target=note_all)
    thread.start()
    while thread.is_alive():
        last_used.flush()
    last_used.flush()
    assert set(store.last_uses.load(EVER).keys) == set(keys)


USER = Principal(kind=PrincipalKind.USER, id="AIDA1", account="1" * 12)


def test_attempts_are_known_at_once_and_written_with_the_next_flush(store: Store) -> None:
    last_used, attempt = LastUsed(store), Attempt("AIDA1", "iam:GetUser")
    last_used.note_attempt((USER, "iam:GetUser", NOON, "us-east-1"))
    assert store.last_uses.actions_of(["AIDA1"], EVER) == {}
    assert last_used.attempts({"AIDA1"}, EVER) == {attempt: RoleUse(NOON, "us-east-1")}
    assert last_used.attempts({"AIDA2"}, EVER) == {}
    last_used.flush()
    assert store.last_uses.actions_of(["AIDA1"], EVER) == {attempt: RoleUse(NOON, "us-east-1")}
    last_used.note_attempt((USER, "iam:GetUser", NOON - timedelta(seconds=1), "eu-west-1"))
    assert last_used.attempts({"AIDA1"}, EVER) == {attempt: RoleUse(NOON, "us-east-1")}, "the newest counts"
    last_used.note_attempt((USER, "iam:GetUser", NOON + timedelta(seconds=1), "eu-west-1"))
    assert last_used.attempts({"AIDA1"}, EVER) == {attempt: RoleUse(NOON + timedelta(seconds=1), "eu-west-1")}


def test_an_attempt_is_of_the_role_the_user_or_the_account_behind_it(store: Store) -> None:
    last_used, account = LastUsed(store), "1" * 12
    session = Principal(kind=PrincipalKind.ROLE_SESSION, id="AROA1:s", role_id="AROA1", account=account)
    federated = Principal(kind=PrincipalKind.FEDERATED_USER, id=f"{account}:bob", user_id="AIDA2", account=account)
    of_root = Principal(kind=PrincipalKind.FEDERATED_USER, id=f"{account}:bob", account=account)
    root = Principal(kind=PrincipalKind.ROOT, id=account, account=account)
    nobody = Principal(kind=PrincipalKind.ANONYMOUS, id="anonymous")
    for number, principal in enumerate((USER, session, federated, of_root, root, nobody)):
        last_used.note_attempt((principal, f"iam:A{number}", NOON, ""))
    last_used.flush()
    found = store.last_uses.actions_of(["AIDA1", "AROA1", "AIDA2", account, "", "anonymous", f"{account}:bob"], EVER)
    assert {(each.principal_id, each.action) for each in found} == {
        ("AIDA1", "iam:A0"),
        ("AROA1", "iam:A1"),
        ("AIDA2", "iam:A2"),
        (account, "iam:A3"),
        (account, "iam:A4"),
    }


def test_so_many_attempts_wait_to_be_written_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.directory.last_used._MOST_ATTEMPTS", 2)
    last_used = LastUsed(store)
    for number in range(3):
        last_used.note_attempt((USER, f"iam:A{number}", NOON, ""))
    last_used.note_attempt((USER, "iam:A0", NOON + timedelta(seconds=1), ""))
    waiting = last_used.attempts({"AIDA1"}, EVER)
    assert {each.action: use.when for each, use in waiting.items()} == {
        "iam:A0": NOON + timedelta(seconds=1),
        "iam:A1": NOON,
    }
    last_used.flush()
    last_used.note_attempt((USER, "iam:A3", NOON, ""))
    assert len(last_used.attempts({"AIDA1"}, EVER)) == 3


def test_of_more_attempts_than_wait_the_newest_are_looked_at(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.directory.last_used._MOST_NOTED", 2)
    last_used = LastUsed(store)
    for number in range(3):
        last_used.note_attempt((USER, f"iam:A{number}", NOON, ""))
    assert {each.action for each in last_used.attempts({"AIDA1"}, EVER)} == {"iam:A1", "iam:A2"}


def test_attempts_are_kept_while_the_store_is_down(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    last_used = LastUsed(store)
    last_used.note_attempt((USER, "iam:A", NOON, ""))

    def down(*_: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as patched:
        patched.setattr(store.last_uses, "save_actions", down)
        with pytest.raises(Unavailable):
            last_used.flush()
    last_used.flush()
    assert len(store.last_uses.actions_of(["AIDA1"], EVER)) == 1
