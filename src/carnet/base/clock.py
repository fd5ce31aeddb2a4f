"""Clocks. Which one is used is chosen in `assembly`, so that tests can turn it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

Clock = Callable[[], datetime]
"""Gives the present moment as an aware datetime in UTC."""

TRIAL_SECONDS = 300.0
"""For how long a wall clock must have been ahead before that is believed."""
_NOISE_SECONDS = 0.001
"""How far two clocks that are read one after the other may differ without saying anything."""


class _Trial(NamedTuple):
    """How far the wall clock has been ahead of the elapsed time, at least, since a moment of the elapsed time."""

    lead: float
    since: float


class SteadyClock:
    """Goes with the wall clock, but never back: a step back of the wall clock makes nothing good that had expired.

    It goes on from the latest moment that it trusts by the elapsed time, until the wall clock is there. A moment is
    trusted once the wall clock has been that far ahead for `TRIAL_SECONDS`, so that one which jumped ahead by mistake
    and was set right soon has no lasting effect; meanwhile it is followed. `floor` is a moment that was trusted
    before this process began.

    `wall` gives the time that can be set, `elapsed` seconds that cannot (`time.monotonic`).
    """

    def __init__(self, wall: Clock, elapsed: Callable[[], float], floor: datetime | None = None) -> None:
        self._wall = wall
        self._elapsed = elapsed
        self._trusted = None if floor is None else floor.timestamp() - elapsed()
        """How far what is trusted is ahead of the elapsed time. INVARIANT: it never falls."""
        self._trial: _Trial | None = None

    def __call__(self) -> datetime:
        elapsed, wall = self._elapsed(), self._wall()
        lead = wall.timestamp() - elapsed
        trusted = self._trusted
        if trusted is None or lead > trusted:
            self._try(lead, elapsed)
            return wall
        self._trial = None
        if trusted - lead < _NOISE_SECONDS:
            return wall
        return _datetime_of(trusted + elapsed)

    @property
    def trusted(self) -> datetime | None:
        """The latest moment that is trusted: the floor of the next process. None if it is too early to trust any."""
        self()
        return None if self._trusted is None else _datetime_of(self._trusted + self._elapsed())

    @property
    def behind(self) -> timedelta:
        """How far the wall clock is behind what was seen; nothing if it is right."""
        return max(self() - self._wall(), timedelta())

    def _try(self, lead: float, elapsed: float) -> None:
        trial = self._trial
        if trial is None:
            self._trial = _Trial(lead, elapsed)
            return
        self._trial = _Trial(min(lead, trial.lead), trial.since)
        if elapsed - trial.since >= TRIAL_SECONDS:
            self._trusted, self._trial = self._trial.lead, None


def _datetime_of(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
