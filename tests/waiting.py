"""Waiting for what another thread or process does: how long that takes on a shared machine, no test can know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 120.0
"""How long a test waits for what takes a moment, or some seconds, on a machine that it has to itself."""

T = TypeVar("T")


def eventually(holds: Callable[[], T], *, seconds: float = PATIENCE_SECONDS, pause: float = 0.01) -> T:
    """Ask until it holds, which is to say until the answer is truthy, and return that answer.

    What counts upwards may be past a number when it is asked for: wait for `>=`. A state that does not last may not be
    seen: wait for what it leaves behind.
    """
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, _late(found, seconds)
        time.sleep(pause)
    return found


async def eventually_in_loop(holds: Callable[[], T], *, seconds: float = PATIENCE_SECONDS, pause: float = 0.001) -> T:
    """As `eventually`, while the event loop goes on."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, _late(found, seconds)
        await asyncio.sleep(pause)
    return found


def _late(found: object, seconds: float) -> str:
    return f"it did not come true within {seconds:g} seconds: it is {found!r}"
