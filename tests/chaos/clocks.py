"""A server on a machine whose clock is set back, or ahead by mistake, while it is written to, and then killed.

Its time passes when a test says so: the clock of the machine and the time that has elapsed (`Machine`) are put in the
place of the two that `assembly/state.py` reads.
"""

from __future__ import annotations

import mmap
import random
import struct
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import local
from unittest.mock import patch

from botocore.credentials import Credentials

from carnet.assembly import state
from carnet.base import clock
from carnet.cli import main
from tests import scratch
from tests.chaos.promises import Tally
from tests.chaos.served import Caller, Load
from tests.clients.running import RunningServer, running_server

_TIMES = struct.Struct("dd")
_SESSION_SECONDS = 900
"""STS gives none for less."""
_STEP_SECONDS = 200.0
"""How far time passes at once: less than the five minutes for which a signature is good."""
_STEPS_OF_A_SESSION = 6
_MOST_SECONDS = 10 * 24 * 3600.0
_NUMBERS = 100_000
"""Of the users of one life of the server, before the next one's begin."""


class Machine:
    """Two clocks that processes share by a file: how much time has passed, and how far the wall clock is off."""

    def __init__(self, file: Path) -> None:
        """Of a file of `_TIMES.size` bytes."""
        with file.open("r+b") as opened:
            self._times = mmap.mmap(opened.fileno(), _TIMES.size)
        self._signing = local()

    def close(self) -> None:
        self._times.close()

    def elapsed(self) -> float:
        """As `time.monotonic`."""
        return time.monotonic() + self._read()[0]

    def wall(self) -> datetime:
        """What the machine's clock shows."""
        passed, off = self._read()
        return datetime.now(UTC) + timedelta(seconds=passed + off)

    def now(self, *, remove_tzinfo: bool = True) -> datetime:
        """What clients sign by: the true time. As botocore asks for it."""
        passed, off = self._read()
        now = datetime.now(UTC) + timedelta(seconds=passed + (off if hasattr(self._signing, "by_wall") else 0))
        return now.replace(tzinfo=None) if remove_tzinfo else now

    @contextmanager
    def signing_by_wall(self) -> Iterator[None]:
        """Who calls from this thread signs by what the machine's clock shows, as a thief would."""
        self._signing.by_wall = True
        try:
            yield
        finally:
            del self._signing.by_wall

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        passed, off = self._read()
        _TIMES.pack_into(self._times, 0, passed + seconds, off)

    def set_off(self, seconds: float) -> None:
        """Set the clock so far ahead of the true time; below zero, behind it."""
        _TIMES.pack_into(self._times, 0, self._read()[0], seconds)

    def _read(self) -> tuple[float, float]:
        passed, off = _TIMES.unpack_from(self._times)
        return passed, off


class BelievesTheWall(clock.SteadyClock):
    """A clock that goes back with the machine's."""

    def __call__(self) -> datetime:
        return self._wall()


class TrustsAtOnce(clock.SteadyClock):
    """A clock that never goes back from a moment that the machine's has shown, if only by mistake."""

    def _try(self, lead: float, elapsed: float) -> None:
        self._trusted = lead


def serve(file: str, kind: type[clock.SteadyClock]) -> None:
    """The `carnet` of the command line on such a machine."""
    machine = Machine(Path(file))
    with (
        patch.object(state, "system_clock", machine.wall),
        patch.object(state, "monotonic", machine.elapsed),
        patch.object(state, "SteadyClock", kind),
    ):
        main()


class _Lives:
    """One installation, which is served in several lives, and one who makes users there."""

    def __init__(self, folder: Path, kind: type[clock.SteadyClock]) -> None:
        file = folder / "clock"
        file.write_bytes(bytes(_TIMES.size))
        self.machine = Machine(file)
        self._data = folder / "data"
        words = f"from tests.chaos.clocks import *; from carnet.base.clock import SteadyClock; serve({str(file)!r}, "
        self._program = (sys.executable, "-c", f"{words}{kind.__name__})")
        self._begun = 0
        self._key: Credentials | None = None
        self.acknowledged = set[int]()

    @contextmanager
    def life(self, tally: Tally, *expected: int) -> Iterator[tuple[Caller, Load]]:
        """A server that is written to until the end of the block, and then killed."""
        with running_server(self._data, program=self._program, from_nothing=self._begun > 0) as server:
            caller = self._caller(server)
            load = Load(caller, self._begun * _NUMBERS)
            self._begun += 1
            with load.running():
                yield caller, load
            server.process.kill()
        self.acknowledged |= load.acknowledged
        if others := load.statuses - {*expected}:
            tally.broken.append(f"answers of another kind than {expected}: {sorted(others)}")

    def _caller(self, server: RunningServer) -> Caller:
        if self._key is None:
            self._key = Caller.root_of(server).key
        return Caller(server.endpoint, self._key)


def stepping_clocks(moments: random.Random, times: int, kind: type[clock.SteadyClock] = clock.SteadyClock) -> Tally:
    """The clock is set back, and ahead by mistake, in turn, by up to ten days, while a client writes.

    A session that has expired is never good again, also not after a kill and a start with the clock behind; nobody is
    refused anything for it. What was good before a clock was ahead for some minutes is good after it was set right.
    """
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="carnet-chaos-", dir=scratch.place()) as folder:
        lives = _Lives(Path(folder), kind)
        try:
            with patch("botocore.auth.get_current_datetime", lives.machine.now):
                for turn in range(times):
                    (_set_back, _set_ahead)[turn % 2](lives, moments, tally)
                    tally.faults += 1
        finally:
            lives.machine.close()
    tally.acknowledged = len(lives.acknowledged)
    return tally


def _set_back(lives: _Lives, moments: random.Random, tally: Tally) -> None:
    machine = lives.machine
    with lives.life(tally, 200, 503) as (caller, load):
        session = caller.session(_SESSION_SECONDS)
        load.wait_for_writes()
        for _ in range(_STEPS_OF_A_SESSION):
            machine.wait(_STEP_SECONDS)
            load.wait_for_writes()
        machine.set_off(-moments.uniform(_SESSION_SECONDS, _MOST_SECONDS))
        _look(tally, caller, session, machine, good=False)
    with lives.life(tally, 200, 503) as (caller, _):
        _look(tally, caller, session, machine, good=False)
        machine.set_off(0)
        _look(tally, caller, session, machine, good=False)
        _look_at_writes(tally, caller, lives)


def _set_ahead(lives: _Lives, moments: random.Random, tally: Tally) -> None:
    machine = lives.machine
    with lives.life(tally, 200, 403, 503) as (caller, _):
        session = caller.session(_SESSION_SECONDS)
        machine.set_off(moments.uniform(2 * _SESSION_SECONDS, _MOST_SECONDS))
        with machine.signing_by_wall():
            if caller.knows(session):
                tally.broken.append("a session that is over by the clock is good")
        machine.wait(_STEP_SECONDS)
        machine.set_off(0)
        _look(tally, caller, session, machine, good=True)
        machine.set_off(moments.uniform(2 * _SESSION_SECONDS, _MOST_SECONDS))
        caller.knows(session)
    machine.set_off(0)
    with lives.life(tally, 200, 503) as (caller, _):
        _look(tally, caller, session, machine, good=True)
        _look_at_writes(tally, caller, lives)


def _look(tally: Tally, caller: Caller, session: Credentials, machine: Machine, *, good: bool) -> None:
    """Whether the session is as it should be, and the root user, whose key never expires, is known."""
    with machine.signing_by_wall():
        if caller.knows(session) and not good:
            tally.broken.append("a session that had expired is good again")
    if not caller.knows(session) and good:
        tally.broken.append("a session is over since a clock was ahead by mistake")
    if not caller.knows(caller.key):
        tally.broken.append("a signature of this moment is refused")


def _look_at_writes(tally: Tally, caller: Caller, lives: _Lives) -> None:
    """Whether all is there that was acknowledged before the kill. Who is refused cannot ask."""
    if not tally.broken and lives.acknowledged - caller.users():
        tally.broken.append("acknowledged writes are lost")
