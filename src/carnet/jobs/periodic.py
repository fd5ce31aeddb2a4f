"""Doing something again and again, on a thread of its own, until told to stop."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic, sleep

from carnet.base.faults import Unavailable
from carnet.store.faults import because

_LOG = logging.getLogger(__name__)
_JITTER = 0.2
"""Pauses differ by this share, so that many nodes do not all ask at once."""
_BREATHER_SECONDS = 0.5
STOP_SECONDS = 4.0
"""How long a stop waits for work that is under way; the thread of a store that hangs is left behind."""


class Periodic:
    """One job. It is done at once, then after pauses; an exception is logged and ends only this time's work."""

    def __init__(
        self,
        name: str,
        work: Callable[[], float | None],
        *,
        seconds: float,
        at_end: Callable[[], float | None] | None = None,
    ) -> None:
        """`work` gives the seconds until the next time, None standing for `seconds`.

        `at_end` is done when the job is stopped, on its thread too, so that the stop is bounded.
        """
        self.name = name
        self._work = work
        self._seconds = seconds
        self._at_end = at_end
        self._stopping = False
        self._wake = Event()
        self._thread = Thread(target=self._run, name=f"carnet-{name}", daemon=True)

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop: work that takes long looks here between two steps."""
        return self._stopping

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Do it now, without waiting for the end of the pause."""
        self._wake.set()

    def stop(self) -> None:
        """Returns when the thread has ended, or after STOP_SECONDS."""
        stop_all((self,))

    def _tell_to_stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def _join(self, seconds: float) -> None:
        if self._thread.ident is None:
            return
        self._thread.join(max(0.0, seconds))
        if self._thread.is_alive():
            _LOG.warning("%s has not ended in time and is left behind", self.name)

    def _run(self) -> None:
        while not self._stopping:
            try:
                pause = self._run_once(self._work)
                self._wake.wait(pause * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 - no secret
                self._wake.clear()
            except MemoryError:  # for a line of the log, or for the wait itself
                sleep(_BREATHER_SECONDS)
        if self._at_end is not None:
            self._run_once(self._at_end)

    def _run_once(self, work: Callable[[], float | None]) -> float:
        """Seconds until the next time. INVARIANT: raises nothing, or nobody would do the work any more."""
        try:
            pause = work()
        except Unavailable as problem:
            _LOG.info("%s is put off: %s", self.name, because(problem))
        except OSError as problem:
            _LOG.error("%s has failed, and will be tried again: %s", self.name, problem)
        except Exception:
            _LOG.exception("%s has failed, and will be tried again", self.name)
        else:
            return self._seconds if pause is None else pause
        return self._seconds


def stop_all(jobs: Sequence[Periodic]) -> None:
    """Stop every job; returns when all threads have ended, or after STOP_SECONDS, however many they are."""
    for job in jobs:
        job._tell_to_stop()
    deadline = monotonic() + STOP_SECONDS
    for job in jobs:
        job._join(deadline - monotonic())
