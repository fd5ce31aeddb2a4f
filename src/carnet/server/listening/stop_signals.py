"""SIGINT (Ctrl-C) and SIGTERM are how a server is asked to stop: to obey is no failure."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Stop(BaseException):
    """Unwinds the block that is to end. No Exception, since nothing on the way may handle it."""


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], bool]]:
    """Run a block that a signal may end at any moment, and go on behind it. The block is given: has one come?

    While uvicorn serves, it takes the signals itself, finishes what is under way, and raises them again when it has.
    Python drops what is raised while it collects garbage, so whoever begins to serve asks whether a signal has come.
    """
    come: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        come.append(number)
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)  # the second one must not disturb what the first has begun
        raise _Stop

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        with suppress(_Stop):
            yield lambda: bool(come)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
