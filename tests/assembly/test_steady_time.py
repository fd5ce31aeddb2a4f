"""A step back of the machine's clock makes nothing good that had expired, also if the server is started after it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.assembly import state
from carnet.assembly.installation import Installation, open_installation
from carnet.assembly.jobs import node, periodic_jobs
from carnet.assembly.last_seen import LastSeen
from carnet.assembly.past import Remembering
from carnet.assembly.settings import Settings
from carnet.assembly.worker import make_frontend
from carnet.audit.segments import Segments
from carnet.base.clock import TRIAL_SECONDS
from carnet.cli import main
from carnet.cli.doctor import _clock
from carnet.directory.follower import Follower
from carnet.identity.credential import TokenExpired
from carnet.jobs.periodic import Periodic
from carnet.server.outbox import Answer
from tests.assembly.test_jobs import rolled
from tests.base.test_clock import Machine
from tests.services.iam.phones import enabled_phone
from tests.services.organizations.estate import an_estate
from tests.services.organizations.test_handshakes import invite, respond, states
from tests.services.sts.trust import ASSUME
from tests.services.world import ServiceError, TurnableClock, World
from tests.sigv4.signing import presign
from tests.stores.migrated import lay_out_for

HOUR = 3600.0
REMOVING = ("attempts", "pruning", "closed-accounts", "redeemed", "ended-keys", "browser-sessions")


class Stepped(TurnableClock):
    """The clock of an installation on a machine whose time passes when a test says so."""

    def __init__(self, machine: Machine, installation: Installation) -> None:
        super().__init__()
        self._machine = machine
        self._installation = installation

    def __call__(self) -> datetime:
        return self._installation.clock()

    def advance(self, seconds: float) -> None:
        self._machine.wait(seconds)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(state, "system_clock", lambda: machine.wall)
    monkeypatch.setattr(state, "monotonic", lambda: machine.elapsed)
    return machine


@contextmanager
def served(machine: Machine, path: Path, *, seconds: float = TRIAL_SECONDS) -> Iterator[World]:
    """An installation that has been served for some minutes, and that is remembered at the end."""
    settings = Settings(data_dir=path / "data", password_hash_kib=8)
    lay_out_for(settings)
    with open_installation(settings, create=True) as installation:
        for _ in range(11):
            installation.clock()
            machine.wait(seconds / 10)
        yield World(installation, Stepped(machine, installation))
        remembering(machine, installation).remember()


def remembering(machine: Machine, installation: Installation) -> Remembering:
    seen = LastSeen(installation.settings.last_seen)
    return Remembering(seen, installation.store, installation.directory, installation.clock, lambda: machine.wall)


def jobs_of(installation: Installation) -> tuple[Periodic, ...]:
    return periodic_jobs(installation, Follower(installation.directory, installation.store), node(installation))


def good(world: World, key_id: str, token: str | None) -> bool:
    try:
        return world.installation.execution.credentials.find(key_id, token) is not None
    except TokenExpired:
        return False


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("back", [2 * HOUR, 30 * 24 * HOUR])
def test_a_session_that_has_expired_stays_so(machine: Machine, tmp_path: Path, restarted: bool, back: float) -> None:
    with served(machine, tmp_path) as world:
        answer = world.call(world.user("alice"), "GetSessionToken", service="sts", DurationSeconds=900)
        session = world.session(answer)
        machine.wait(890)
        assert good(world, session.key_id, session.token)
        machine.wait(20)
        assert not good(world, session.key_id, session.token)
        if not restarted:
            machine.step(-back)
            assert not good(world, session.key_id, session.token)
            # And what is made now is good: the server goes on in its own time.
            answer = world.call(world.user("bob"), "GetSessionToken", service="sts", DurationSeconds=900)
            again = world.session(answer)
            assert good(world, again.key_id, again.token)
            return
    machine.step(-back)
    machine.elapsed = 3.0
    settings = Settings(data_dir=tmp_path / "data", password_hash_kib=8)
    with open_installation(settings) as installation:
        world.installation = installation
        assert not good(world, session.key_id, session.token)


def test_a_handshake_that_has_expired_stays_so(machine: Machine, tmp_path: Path) -> None:
    with served(machine, tmp_path) as world:
        estate = an_estate(world)
        invited = world.account()
        handshake = invite(estate, invited)
        machine.wait(15 * 24 * HOUR + 60)
        assert states(estate, invited) == ["EXPIRED"]
        machine.step(-24 * HOUR)
        assert states(estate, invited) == ["EXPIRED"]
        with pytest.raises(ServiceError):
            respond(estate, invited, "AcceptHandshake", handshake)


def test_a_code_that_was_shown_before_is_not_taken(machine: Machine, tmp_path: Path) -> None:
    with served(machine, tmp_path) as world:
        alice = world.user("alice", [ASSUME])
        phone = enabled_phone(world, "alice")
        machine.wait(600)
        shown = phone.code()
        machine.wait(HOUR)
        machine.step(-HOUR)
        with pytest.raises(ServiceError):
            world.call(alice, "GetSessionToken", service="sts", SerialNumber=phone.serial, TokenCode=shown)
        assert world.call(alice, "GetSessionToken", service="sts", SerialNumber=phone.serial, TokenCode=phone.code())


def test_a_presigned_url_that_has_expired_stays_so(machine: Machine, tmp_path: Path) -> None:
    with served(machine, tmp_path) as world, ExitStack() as stack:
        alice, made = world.user("alice"), machine.wall
        answers = make_frontend(world.installation, stack)
        for wait, step, status in ((850.0, 0.0, 200), (100.0, 0.0, 403), (0.0, -600.0, 403)):
            machine.wait(wait)
            machine.step(step)
            answer = answers.answer(presign(at=made, key_id=alice.key_id, secret=alice.secret))
            assert isinstance(answer, Answer)
            assert answer.response.status == status


def test_a_jump_ahead_that_was_set_right_soon_locks_nobody_out(machine: Machine, tmp_path: Path) -> None:
    with served(machine, tmp_path) as world:
        machine.step(1000 * HOUR)
        machine.wait(60)
        world.user("alice")  # a change that is stamped
        machine.step(-1000 * HOUR)
        assert abs(world.clock() - machine.wall) < timedelta(seconds=1)
    with open_installation(Settings(data_dir=tmp_path / "data")) as installation:
        assert abs(installation.clock() - machine.wall) < timedelta(seconds=1)


def test_one_that_was_believed_is_told_of_and_forgotten_when_the_operator_says_so(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(machine, tmp_path) as world:
        machine.step(1000 * HOUR)
        for _ in range(11):
            world.clock()
            machine.wait(TRIAL_SECONDS / 10)
        world.user("alice")
        machine.step(-1000 * HOUR)
        with caplog.at_level(logging.WARNING):
            remembering(machine, world.installation).remember()
        assert "the clock of this machine is 41 days, 16:00:00 behind what was seen" in caplog.text
        assert "carnet restore --as-found" in caplog.text
    settings = Settings(data_dir=tmp_path / "data")
    with open_installation(settings) as installation:
        assert installation.clock() - machine.wall > timedelta(hours=999)
        monkeypatch.setattr("time.time", lambda: machine.wall.timestamp())
        (finding, *_) = _clock(machine.wall, installation.clock())
        assert "s behind what was seen here" in finding.told
    done = CliRunner().invoke(main, ["restore", "--as-found", "--data-dir", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    with open_installation(settings) as installation:
        assert abs(installation.clock() - machine.wall) < timedelta(seconds=1)


def test_by_a_clock_that_has_just_gone_ahead_nothing_is_removed(
    machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A year for a minute would take the whole audit log, and all accounts that were closed lately."""
    with served(machine, tmp_path) as world:
        installation = world.installation
        world.user("alice")
        audit = installation.settings.audit_file
        ended = installation.clock() - timedelta(days=1)
        rolled(audit, ended)
        jobs = {job.name: job for job in jobs_of(installation)}
        watch = remembering(machine, installation)
        watch.remember()
        assert caplog.text == ""
        machine.step(366 * 24 * HOUR)
        for name in ("log-files", *REMOVING):
            jobs[name]._work()
        watch.remember()
        watch.remember()
        assert caplog.text.count("the clock of this machine has gone ahead by 366 days, 0:00:00: if it stays") == 1
        assert len(Segments(audit).newest_first()) == 2
        assert [name for name in REMOVING if jobs[name]._due()] == []  # type: ignore[attr-defined]
        for _ in range(11):
            installation.clock()
            machine.wait(TRIAL_SECONDS / 10)
        assert [name for name in REMOVING if jobs[name]._due()] == list(REMOVING)  # type: ignore[attr-defined]
        with caplog.at_level(logging.INFO):
            jobs["log-files"]._work()
        assert len(Segments(audit).newest_first()) == 1
        assert caplog.records[-1].getMessage().endswith("Z.jsonl was removed: it is older than what is kept")


def test_a_node_that_remembers_nothing_takes_the_time_of_the_last_change(machine: Machine, tmp_path: Path) -> None:
    with served(machine, tmp_path) as world:
        machine.wait(HOUR)
        world.clock()
        world.user("alice")
        changed = world.clock()
    (tmp_path / "data" / "last-seen.json").unlink()
    machine.step(-2 * HOUR)
    with open_installation(Settings(data_dir=tmp_path / "data")) as installation:
        assert abs(installation.clock() - changed) < timedelta(seconds=1)
