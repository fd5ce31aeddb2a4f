"""Something happens, again and again, to the database of a process that writes."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.chaos.promises import Tally
from tests.chaos.writers import Watched, writing
from tests.store.crashing import read_books

LONGEST_SECONDS = 0.15


def disturbed(
    url: str,
    moments: random.Random,
    times: int,
    disturb: Callable[[Watched], None],
    *,
    through: str = "",
    seconds: float = LONGEST_SECONDS,
) -> Tally:
    """The process goes on writing afterwards. It writes by the URL `through`, if one is given, and at most so many
    seconds before it is disturbed; the books are read by `url`."""
    tally = Tally()
    with writing(through or url, 0) as process:
        for _ in range(times):
            process.listen(moments.uniform(0, seconds))
            disturb(process)
            process.wait_for_writes()
            with process.still():
                tally.add(process.acknowledged, read_books(url))
    tally.acknowledged = len(process.acknowledged)
    return tally
