"""Token buckets by key, in bounded memory: how often something may happen.

A bucket holds `burst` tokens and gains `per_second` of them a second. It is kept as one number, the moment at which it
will be full again (the generic cell rate algorithm).

https://www.rfc-editor.org/rfc/rfc2697, https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from msgspec import Struct


class Rate(Struct, frozen=True):
    """How many a second in the long run, and how many at once."""

    per_second: float
    burst: float

    def shared(self, among: int) -> Rate:
        """The part of one of so many that share it; one at once is always possible."""
        return Rate(self.per_second / among, max(1.0, self.burst / among))


class Buckets:
    """A bucket for each key. Moments are seconds of one clock that does not go backward.

    INVARIANT: there are never more than `most`. The one that was used longest ago is forgotten first, which fills it:
    who has more keys than that is held back by nothing that asks for keys.
    """

    __slots__ = ("_full_at", "_gain", "_most", "_slack")

    def __init__(self, rate: Rate, most: int = 16_384) -> None:
        self._gain = 1.0 / rate.per_second
        self._slack = (rate.burst - 1.0) * self._gain
        self._most = most
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until there is a token; 0 if there is one."""
        return max(0.0, self._full_at.get(key, now) - self._slack - now)

    def take(self, key: Hashable, now: float) -> float:
        """Take a token, if there is one: 0 then, else the seconds until there is."""
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - self._slack - now
        if wait > 1e-9:
            return wait
        self._put(key, full_at + self._gain)
        return 0.0

    def owe(self, key: Hashable, now: float) -> float:
        """Take a token whether or not there is one: the seconds until there would have been, behind all who owe."""
        full_at = max(self._full_at.get(key, now), now)
        self._put(key, full_at + self._gain)
        return max(0.0, full_at - self._slack - now)

    def _put(self, key: Hashable, full_at: float) -> None:
        self._full_at[key] = full_at
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
