"""SIGINT (Ctrl-C) and SIGTERM are how a server is asked to stop: to obey is no failure."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Stop(BaseException):
    """Unwinds the block that is to end. No Exception, since nothing on the way may handle it."""


class StopSignals:
    """The signals that have come."""

    def __init__(self) -> None:
        self._come = False
        self._unwinding = True

    def only_noted(self) -> Callable[[], bool]:
        """From here on a signal is noted, and ends nothing; what is given tells whether one has come at all.

        INVARIANT: called before an event loop is begun: what is raised while one is being set up leaves it half
        running, and then it cannot be closed.
        """
        self._unwinding = False
        return self.have_come

    def have_come(self) -> bool:
        return self._come

    def take(self, _number: int, _frame: FrameType | None) -> None:
        """Handle one as `signal.signal` wants it."""
        self._come = True
        if self._unwinding:
            self._unwinding = False  # the second one must not disturb what the first has begun
            raise _Stop


@contextmanager
def ended_by_signals() -> Iterator[StopSignals]:
    """Run a block that a signal may end at any moment, until it has them only noted, and go on behind it.

    While uvicorn serves, it takes the signals itself, finishes what is under way, and raises them again when it has.
    Python drops what is raised while it collects garbage, so whoever begins to serve asks whether a signal has come.
    """
    signals = StopSignals()
    before = {number: signal.signal(number, signals.take) for number in _SIGNALS}
    try:
        with suppress(_Stop):
            yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
