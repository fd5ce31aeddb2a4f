"""Holds the compiled engine against the written rule for as long as wanted.

Run it with `python -m tests.properties.fuzz --cases 1000000 [--seed N]`. Ends with exit code 1 at the first
disagreement, whose world `--seed` brings back.
"""

from __future__ import annotations

import argparse
import sys
from random import Random

from tests.properties.agreement import Comparison, Disagreement
from tests.properties.worlds import Maker

REQUESTS = 24
REPORT_EVERY = 100_000


def main() -> int:
    """Compare until the cases are used up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=None, help="of the first world; without one, by chance")
    given = parser.parse_args()
    seed = Random().randrange(2**40) if given.seed is None else given.seed
    comparison, reported = Comparison(), 0
    while comparison.cases < given.cases:
        try:
            comparison.compare(Maker(Random(seed)).world(REQUESTS))
        except Disagreement as disagreement:
            sys.stdout.write(f"seed {seed}:\n{disagreement}\n")
            return 1
        seed += 1
        if comparison.cases // REPORT_EVERY > reported:
            reported = comparison.cases // REPORT_EVERY
            sys.stdout.write(f"{comparison.cases:,} cases agree, next seed {seed}\n")
    sys.stdout.write(f"{comparison.report()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
