"""SIGINT (Ctrl-C) and SIGTERM are how a server is asked to stop: to obey is no failure."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Stop(BaseException):
    """Unwinds the block that is to end. No Exception, since nothing on the way may handle it."""


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Run a block that a signal may end at any moment, and go on behind it.

    While uvicorn serves, it takes the signals itself, finishes what is under way, and raises them again when it has.
    """
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        with suppress(_Stop):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # the second one must not disturb what the first has begun
    raise _Stop
