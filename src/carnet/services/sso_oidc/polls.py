"""How often devices may poll: one that does not wait is told to slow down.

https://www.rfc-editor.org/rfc/rfc8628#section-3.5
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from carnet.entities.device_authorization import POLL_SECONDS

SOONEST = timedelta(seconds=POLL_SECONDS / 2)
"""A client that waits for the interval may be early by what a network and its clock take."""
_REMEMBERED = 4096


class Polls:
    """The last poll of each device, by id, in this process: a client's connection stays with one process."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, datetime] = OrderedDict()

    def too_soon(self, device: str, now: datetime) -> bool:
        """Whether a device polls without having waited. The wait starts anew with this poll."""
        last = self._last.pop(device, None)
        self._last[device] = now
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return last is not None and timedelta() <= now - last < SOONEST
