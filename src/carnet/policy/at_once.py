"""How much of policies is read and compiled while others wait.

To read and compile a policy takes many times what a decision by it does, and all that AWS's quotas let one user have
takes seconds. It is done once. But whoever others wait for (an event loop, the one who writes) does no more of it in
one go than AT_ONCE; what takes more is left to a thread for which nobody waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 2 * 6_144
"""Characters, each counted when it is read and when it is compiled: one managed policy of full size.

Some 10 to 20 milliseconds.
"""


class TakesLong(Exception):
    """What was asked takes longer than others can wait. What was done for it by then is remembered."""


class _Left(threading.local):
    characters: float = inf


left = _Left()
"""What the thread that reads it may still do at once: all that there is, unless it says otherwise."""


def spend(characters: int) -> None:
    """Called before that much is done. Raises TakesLong if it is more than is left."""
    left.characters -= characters
    if left.characters < 0:
        raise TakesLong


def at_once(work: Callable[[], T], most: float | None = None) -> T:
    """What the work gives or raises; TakesLong if others would wait for it too long: it takes more than so many
    characters, or than AT_ONCE."""
    left.characters = AT_ONCE if most is None else most
    try:
        return work()
    finally:
        left.characters = inf
