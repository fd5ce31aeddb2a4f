"""How long a connection is waited for.

A patience is the timer of one connection: it tells that the deadline of what is waited for has passed.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from collections.abc import Callable


class Patience:
    """Calls `over` when nothing has moved the deadline for long enough.

    A deadline is moved for every request. So the timer under it is left alone if it would ring too early, and looks
    at the deadline again when it rings: a busy connection costs no timers.
    """

    __slots__ = ("_deadline", "_loop", "_over", "_rings", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, over: Callable[[], None]) -> None:
        self._loop = loop
        self._over = over
        self._deadline: float | None = None
        self._timer: TimerHandle | None = None
        self._rings = 0.0

    def wait(self, seconds: float) -> None:
        """Wait that long from now on, whatever was to be waited before."""
        deadline = self._deadline = self._loop.time() + seconds
        if self._timer is None or deadline < self._rings:
            self._ring_at(deadline)

    def forget(self) -> None:
        """Wait for ever."""
        self._deadline = None

    def stop(self) -> None:
        """Never call again."""
        self.forget()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring_at(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings = moment
        self._timer = self._loop.call_at(moment, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._ring_at(self._deadline)
        else:
            self._deadline = None
            self._over()
