"""Whether a database server answers, by the one question that a process asks it again and again.

A server that is down refuses. One that hangs (a stopped process, a network that swallows packets) does nothing at all,
and keeps none of the timeouts that it was told. What waits for it learns here that there is nothing to wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic


class Pulse:
    """Whether one server answers; it counts as answering until it is asked. Several threads may look at once."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is how long an answer may take."""
        self.seconds = seconds
        self._failed = False
        self._asking = Lock()
        self._asked: float | None = None
        """When the question was asked that is not answered yet, on the monotonic clock."""
        self._known = float("-inf")
        """When the last question was answered, or given up."""

    @property
    def silent(self) -> bool:
        """Whether the last question failed, or the present one waits for too long."""
        asked = self._asked
        return self._failed or (asked is not None and monotonic() - asked > self.seconds)

    @property
    def is_due(self) -> bool:
        """Whether nobody asks now, nor has asked for as long as an answer may take."""
        return not self._asking.locked() and monotonic() - self._known > self.seconds

    def presume_silent(self) -> None:
        """Count a server that has not answered yet as silent, until it answers."""
        self._failed = True

    @contextmanager
    def beat(self) -> Iterator[None]:
        """Ask the question within the block, which raises if the answer does not come. One thread does so at a time."""
        with self._asking:
            self._asked = monotonic()
            try:
                yield
            except BaseException:
                self._failed = True
                raise
            else:
                self._failed = False
            finally:
                self._asked, self._known = None, monotonic()
