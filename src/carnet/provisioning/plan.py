"""What would be done to come to what a document wants, as a value that can be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from carnet.base.faults import Fault
from carnet.directory.snapshot import Snapshot
from carnet.protocols.errors import WireError
from carnet.provisioning.operator import Operator
from carnet.provisioning.rehearsal import RehearsedUnit
from carnet.provisioning.steps import CreateAccount, Invoke, Step
from carnet.provisioning.wanted import Document, Wanted, WantedAccount, WantedUser
from carnet.store.entity_types import EntityTypes


class Verdict(StrEnum):
    """What becomes of one entry."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry that is wanted, and what is to be done for it."""

    wanted: Wanted
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    problem: str = ""
    """Why it cannot be done."""

    @property
    def operations(self) -> dict[str, int]:
        """The names of the steps, and how many there are of each."""
        return dict(Counter(step.name for step in self.steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All entries that a document wants, in the order in which they are made.

    It was made of one state. INVARIANT: what is applied is found anew at the state that the change locks, so that a
    plan which is carried out twice, or after others have changed something, does what is still to be done.
    """

    items: tuple[Item, ...]
    left_out: tuple[str, ...]

    @property
    def steps(self) -> int:
        return sum(len(item.steps) for item in self.items)

    @property
    def impossible(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.verdict is Verdict.CANNOT)

    def count(self, verdict: Verdict) -> int:
        return sum(item.verdict is verdict for item in self.items)

    def remarks(self) -> Iterator[str]:
        """What the document holds and is not made, and what nobody gets since no such document can hold it."""
        yield from self.left_out
        new = [item.wanted for item in self.items if item.verdict is Verdict.CREATE]
        users = [wanted for wanted in new if isinstance(wanted, WantedUser)]
        if users:
            keyless = sum(not user.keys for user in users)
            unable = sum(user.password is None for user in users)
            yield (
                f"new users ({len(users)}) get no MFA device, SSH key, signing certificate or service-specific "
                f"credential: no such document holds one. Without access keys: {keyless}, without a password: {unable}"
            )
        for wanted in new:
            if isinstance(wanted, WantedAccount) and not wanted.root_keys:
                yield f"account {wanted.account} has no root key: carnet account root-key {wanted.account} makes one"


Told = Callable[[int, int], None]
"""Is told how many entries are done, of how many."""


def nobody(done: int, of: int) -> None:
    """Is told, and says nothing."""


def make_plan(
    document: Document, snapshot: Snapshot, operator: Operator, types: EntityTypes, told: Told = nobody
) -> Plan:
    """Rehearse everything on a snapshot, each entry on what those before it would leave. Locks nothing."""
    items: list[Item] = []
    for wanted in document.entries:
        item, snapshot = _rehearse(operator.identified(wanted, snapshot), snapshot, operator, types)
        items.append(item)
        told(len(items), len(document.entries))
    return Plan(items=tuple(items), left_out=document.left_out)


def _rehearse(wanted: Wanted, before: Snapshot, operator: Operator, types: EntityTypes) -> tuple[Item, Snapshot]:
    """What becomes of an entry, and what it leaves: nothing if it cannot be done."""
    after = before
    try:
        steps = operator.steps(before, wanted, RehearsedUnit(before, types))
        for step in steps:
            unit = RehearsedUnit(after, types)
            operator.take(step, after, wanted.account, unit)
            after = unit.after()
    except (Fault, WireError) as problem:
        return Item(wanted=wanted, verdict=Verdict.CANNOT, problem=problem.message), before
    return Item(wanted=wanted, verdict=_verdict(steps), steps=tuple(steps)), after


def _verdict(steps: list[Step]) -> Verdict:
    if not steps:
        return Verdict.UNCHANGED
    first = steps[0]
    creates = isinstance(first, CreateAccount) or (isinstance(first, Invoke) and first.name in _CREATE)
    return Verdict.CREATE if creates else Verdict.UPDATE


_CREATE = (
    *("CreatePolicy", "CreateGroup", "CreateUser", "CreateRole"),
    *("CreateOpenIDConnectProvider", "CreateSAMLProvider"),
)
