"""Carries out a plan, in chunks that are each committed or not, or at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep

from carnet.base.faults import Fault, TooMany
from carnet.directory.directory import Directory
from carnet.directory.snapshot import Snapshot
from carnet.protocols.errors import WireError
from carnet.provisioning.operator import Operator
from carnet.provisioning.plan import Plan, Told, Verdict, nobody
from carnet.provisioning.steps import Step
from carnet.provisioning.wanted import Wanted
from carnet.store.group_commit import Group
from carnet.store.store import Store

MOST_STEPS = 500
"""Of one transaction, for which all other writers wait."""
_CHUNK_STEPS = 100
"""Of one of several transactions."""
_CHUNK_SECONDS = 0.1
"""A chunk is committed before it is full if it takes that long: a server's own changes wait for it."""
_PAUSE_SECONDS = 0.02
"""Between two chunks, so that those who wait get their turn."""


class Interrupted(Exception):
    """Something has changed meanwhile, and an entry cannot be done any more. What was committed before stays."""

    def __init__(self, wanted: Wanted, problem: str, done: int) -> None:
        super().__init__(problem)
        self.wanted = wanted
        self.problem = problem
        self.done = done
        """How many entries were committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """The store that a plan is applied to, and its picture in this process."""

    store: Store
    directory: Directory
    operator: Operator

    def apply(self, plan: Plan, told: Told = nobody) -> None:
        """Do what is to be done, in chunks of at most 100 steps. Raises Interrupted, and Unavailable.

        `told` is told after each commit. Whoever applies the same document again goes on where this has ended.
        """
        waiting = _to_do(plan)
        done = 0
        while done < len(waiting):
            done += self._chunk(waiting[done:], done, until=monotonic() + _CHUNK_SECONDS)
            told(done, len(waiting))
            if done < len(waiting):
                sleep(_PAUSE_SECONDS)

    def apply_at_once(self, plan: Plan) -> None:
        """Do everything or nothing. Raises TooMany for a plan of more than 500 steps, and what `apply` raises."""
        if plan.steps > MOST_STEPS:
            raise TooMany(
                f"The plan has {plan.steps} steps, and at most {MOST_STEPS} are made at once: without --atomic it is "
                "carried out in chunks."
            )
        waiting = _to_do(plan)
        if waiting:
            self._chunk(waiting, 0, until=None)

    def _chunk(self, waiting: Sequence[Wanted], before: int, *, until: float | None) -> int:
        """Make the first of the entries in one transaction, at least one of them; gives how many.

        INVARIANT: the steps are found at the locked revision.
        """
        done = taken = 0
        with self.store.group() as group:
            snapshot = self.directory.catch_up(group.base)
            for wanted in waiting:
                try:
                    steps = self._steps(group, snapshot, wanted)
                    if done and until is not None and (taken + len(steps) > _CHUNK_STEPS or monotonic() >= until):
                        break
                    snapshot = self._take(group, snapshot, wanted, steps)
                except (Fault, WireError) as problem:
                    raise Interrupted(wanted, problem.message, before) from problem
                done, taken = done + 1, taken + len(steps)
        self.directory.adopt(group.base, snapshot, group.made)
        return done

    def _steps(self, group: Group, snapshot: Snapshot, wanted: Wanted) -> list[Step]:
        with group.unit() as unit:
            return self.operator.steps(snapshot, wanted, unit)

    def _take(self, group: Group, snapshot: Snapshot, wanted: Wanted, steps: Sequence[Step]) -> Snapshot:
        """Take the steps to one entry; gives what they leave."""
        for step in steps:
            with group.unit() as unit:
                unit.audit(self.operator.take(step, snapshot, wanted.account, unit))
            if unit.made is not None:
                snapshot = snapshot.with_changes(unit.made)
        return snapshot


def _to_do(plan: Plan) -> list[Wanted]:
    return [item.wanted for item in plan.items if item.verdict in (Verdict.CREATE, Verdict.UPDATE)]
