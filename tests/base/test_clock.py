"""The steady clock goes with the wall clock, and never back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.clock import TRIAL_SECONDS, SteadyClock

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = 3600.0
YEARS = 10 * 365 * 24 * HOUR


class Machine:
    """A wall clock that is set, and the time that has passed meanwhile."""

    def __init__(self) -> None:
        self.wall = START
        self.elapsed = 1000.0

    def clock(self, floor: datetime | None = None) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.elapsed, floor)

    def wait(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.elapsed += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock ahead, or back."""
        self.wall += timedelta(seconds=seconds)


def serve(machine: Machine, clock: SteadyClock, seconds: float) -> None:
    """Be asked for the time now and then."""
    for _ in range(10):
        clock()
        machine.wait(seconds / 10)
    clock()


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(milliseconds=2)


def test_it_is_the_wall_clock_as_long_as_that_goes_on() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(20):
        machine.wait(60)
        assert clock() == machine.wall
    assert clock.behind == timedelta()


@pytest.mark.parametrize("back", [0.5, HOUR, YEARS])
def test_after_a_step_back_it_goes_on_with_the_time_that_passes(back: float) -> None:
    machine = Machine()
    clock = machine.clock()
    serve(machine, clock, TRIAL_SECONDS)
    right = machine.wall
    machine.step(-back)
    assert near(clock(), right)
    assert near(right - clock.behind, machine.wall)
    machine.wait(60)
    assert near(clock(), right + timedelta(seconds=60))
    machine.step(back)
    assert clock() == machine.wall
    assert clock.behind == timedelta()


def test_a_wall_clock_that_catches_up_is_followed_again() -> None:
    machine = Machine()
    clock = machine.clock()
    serve(machine, clock, TRIAL_SECONDS)
    machine.step(-10)
    machine.step(10.5)
    assert clock() == machine.wall


@pytest.mark.parametrize(("seconds", "believed"), [(TRIAL_SECONDS - 30, False), (TRIAL_SECONDS + 30, True)])
def test_a_jump_ahead_is_believed_when_it_lasts(seconds: float, believed: bool) -> None:
    machine = Machine()
    clock = machine.clock()
    serve(machine, clock, TRIAL_SECONDS)
    machine.step(YEARS)
    assert clock() == machine.wall  # nothing that has expired by it is good meanwhile
    serve(machine, clock, seconds)
    machine.step(-YEARS)
    assert near(clock(), machine.wall + timedelta(seconds=YEARS if believed else 0))


def test_only_what_lasted_through_the_whole_trial_is_believed() -> None:
    machine = Machine()
    clock = machine.clock()
    serve(machine, clock, TRIAL_SECONDS)
    for _ in range(20):  # to and fro
        machine.step(HOUR)
        serve(machine, clock, 60)
        machine.step(-HOUR)
        assert near(clock(), machine.wall)
        machine.wait(60)


@pytest.mark.parametrize(("back", "told"), [(HOUR, 0.0), (-HOUR, HOUR)])
def test_what_was_trusted_before_is_the_floor_of_the_next_process(back: float, told: float) -> None:
    machine = Machine()
    first = machine.clock()
    serve(machine, first, TRIAL_SECONDS)
    floor = first.trusted
    assert floor is not None
    assert near(floor, machine.wall)
    machine.step(-back)
    machine.elapsed = 5.0  # another boot
    second = machine.clock(floor)
    assert near(second(), floor + timedelta(seconds=told))


def test_nothing_is_trusted_before_the_first_trial_is_over() -> None:
    """A machine that boots with a wrong clock is set right within minutes, and must not be held to it."""
    machine = Machine()
    machine.step(YEARS)
    clock = machine.clock()
    serve(machine, clock, 60)
    assert clock.trusted is None
    machine.step(-YEARS)
    assert clock() == machine.wall


@given(st.lists(st.tuples(st.floats(-2 * HOUR, 2 * HOUR), st.floats(0, HOUR)), max_size=30))
def test_what_is_trusted_never_falls_and_is_never_ahead_of_what_was_seen(events: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    trusted, most = None, machine.wall - timedelta(seconds=machine.elapsed)
    for step, wait in events:
        machine.step(step)
        clock()
        most = max(most, machine.wall - timedelta(seconds=machine.elapsed))
        machine.wait(wait)
        assert clock() >= machine.wall - timedelta(milliseconds=1)
        now = clock.trusted
        if trusted is not None:
            assert now is not None
            assert now >= trusted - timedelta(milliseconds=1)
        if now is not None:
            assert now <= most + timedelta(seconds=machine.elapsed) + timedelta(milliseconds=1)
        trusted = now
