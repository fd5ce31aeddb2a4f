"""When long-term access keys ended, and identity providers were deleted: what the sessions are held against that were
made with a key, or for which a provider vouched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Self

MOST_TURNS = 21
"""How many are kept of one key: ten times in which it was inactive, and its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedKey:
    """From when to when a key, or an identity provider, was good for nothing. `id` is the key's, or the provider's ARN;
    it may be gone itself."""

    id: str
    account: str
    changed: datetime
    """When it last ended, or became good again."""
    turns: tuple[int, ...]
    """When it ended, when it became good again, when it ended, ... in epoch milliseconds."""

    @property
    def is_over(self) -> bool:
        """Whether the key is good for nothing now."""
        return len(self.turns) % 2 == 1

    def was_good(self, moment_ms: int) -> bool:
        """Whether the key was good at a moment. The very moments of a change count as good."""
        spans = zip_longest(self.turns[::2], self.turns[1::2])
        return not any(ended < moment_ms and (resumed is None or moment_ms < resumed) for ended, resumed in spans)

    def turned(self, now: datetime) -> Self:
        """It ends now, or is good again.

        Of too many turns, the first two spans become one: what was made between them is good for nothing, either.
        """
        turns = (*self.turns, int(now.timestamp() * 1000))
        return replace(self, changed=now, turns=turns if len(turns) <= MOST_TURNS else turns[:1] + turns[3:])


def ended_key(key_id: str, account: str, now: datetime) -> EndedKey:
    """A key that ends for the first time."""
    return EndedKey(id=key_id, account=account, changed=now, turns=(int(now.timestamp() * 1000),))
