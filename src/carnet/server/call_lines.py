"""Shows one line for each call, to a person who watches the server."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from typing import Any

from carnet.audit.reading import parsed

_MOST_WAITING = 1_000
"""How many turns of the event loop may wait until their calls are shown."""

Show = Callable[[dict[str, Any]], str]
"""An event to its line."""


class CallLines:
    """Shows the calls, on a thread of its own.

    INVARIANT: no call waits for it. A terminal that is slow, or stopped by Ctrl-S, misses lines, and is shown how many.
    """

    def __init__(self, write: Callable[[str], object], show: Show) -> None:
        """`write` takes text with line ends. If it raises OSError or ValueError, nothing more is shown."""
        self._write = write
        self._show = show
        self._waiting: deque[bytes] = deque()
        self._missed = 0
        self._ends = False
        self._signal = Signal()
        self._thread = Thread(target=self._run, name="carnet-call-lines", daemon=True)
        self._thread.start()

    def put(self, events: bytes) -> None:
        """Show the calls of these lines of the audit log some time soon."""
        if len(self._waiting) >= _MOST_WAITING:
            self._missed += events.count(b"\n")
            return
        self._waiting.append(events)
        self._signal.set()

    def close(self, seconds: float = 1.0) -> None:
        """Show the calls that wait, for `seconds` at most."""
        self._ends = True
        self._signal.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        while True:
            self._signal.wait()
            self._signal.clear()
            if not self._show_waiting() or self._ends:
                return

    def _show_waiting(self) -> bool:
        """Whether somebody still watches."""
        while self._waiting:
            events = (parsed(line) for line in self._waiting.popleft().splitlines())
            lines = [self._show(event) for event in events if event is not None]
            if self._missed and not self._waiting:
                lines.append(f"{self._missed} more calls are not shown")
                self._missed = 0
            try:
                self._write("".join(f"{line}\n" for line in lines))
            except (OSError, ValueError):
                return False
        return True
