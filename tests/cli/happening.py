"""What a command that follows waits for happens meanwhile."""

from __future__ import annotations

import _thread
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ROUNDS = 600
_PAUSE_SECONDS = 0.1


@contextmanager
def happening(act: Callable[[], object]) -> Iterator[None]:
    """It happens again and again, for nobody knows when the command begins to look. Ctrl-C ends one that never sees it.

    The block runs on the main thread, which Ctrl-C comes to.
    """
    over = threading.Event()

    def run() -> None:
        for _ in range(_ROUNDS):
            if over.wait(_PAUSE_SECONDS):
                return
            act()
        _thread.interrupt_main()

    acting = threading.Thread(target=run)
    acting.start()
    try:
        yield
    finally:
        over.set()
        acting.join()
