"""`make chaos`: lets everything of `faults.py` go wrong, again and again, and prints what came of it.

python -m tests.chaos.run --kills 200 --seed 7 --write
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.faults import FAULTS
from tests.chaos.promises import Tally
from tests.chaos.writers import IMPORTED
from tests.stores.postgresql import NoPostgresql
from tests.stores.processes import CONTEXT

PAGE = Path("docs/reliability.md")
BEGIN, END = "<!-- begin: make chaos -->", "<!-- end: make chaos -->"
ROW = "| {} | {} | {} | {} |"
_SLOW = 20


def table(tallies: Iterable[tuple[str, Tally]], *, seed: int) -> str:
    """What the page shows."""
    rows = [
        ROW.format(name, f"{tally.faults:,}", f"{tally.acknowledged:,}", "; ".join(sorted(set(tally.broken))) or "none")
        for name, tally in tallies
    ]
    head = [ROW.format("what goes wrong", "times", "acknowledged writes", "promises broken"), ROW.format(*["---"] * 4)]
    return "\n".join([f"Run on {datetime.now(UTC):%Y-%m-%d}, seed {seed}.", "", *head, *rows])


def write_page(text: str) -> None:
    """Put the table between the markers of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--kills", type=int, default=100, help="of each store; what is slow is tried a twentieth as often"
    )
    parser.add_argument("--seed", type=int, default=None, help="the same moments again, as far as the machine allows")
    parser.add_argument("--only", default="", help="what has this in its name")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE}")
    given = parser.parse_args()
    CONTEXT.set_forkserver_preload(list(IMPORTED))
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    tallies: list[tuple[str, Tally]] = []
    for fault in FAULTS:
        if given.only not in fault.name:
            continue
        started = time.monotonic()
        times = max(1, given.kills // _SLOW) if fault.slow else given.kills
        try:
            tally = fault.run(random.Random(f"{seed} {fault.name}"), times)
        except NoPostgresql as reason:
            print(f"{fault.name}: skipped, {reason}", flush=True)
            continue
        tallies.append((fault.name, tally))
        told = "; ".join(tally.broken) or "no promise broken"
        took = time.monotonic() - started
        print(
            f"{fault.name}: {tally.faults} times, {tally.acknowledged:,} acknowledged, {told} ({took:.0f} s)",
            flush=True,
        )
    if given.write:
        write_page(table(tallies, seed=seed))
    return 1 if any(tally.broken for _, tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
