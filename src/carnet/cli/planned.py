"""The plan of a file: how it is shown, and carried out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import click

from carnet.assembly.installation import Installation
from carnet.base.printable import printable
from carnet.cli.linted_file import BadInput, LintedFile
from carnet.cli.progress import progress
from carnet.directory.snapshot import Snapshot
from carnet.policy.case_members import Misread
from carnet.provisioning.application import Applying, Interrupted
from carnet.provisioning.copies import copied
from carnet.provisioning.document import Home, read_copy, read_document
from carnet.provisioning.operator import Operator
from carnet.provisioning.plan import Item, Plan, Verdict, make_plan
from carnet.provisioning.wanted import Document, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan of a file, and where it is carried out."""

    file: LintedFile
    plan: Plan
    applying: Applying

    @classmethod
    def of(cls, installation: Installation, name: str) -> Planned:
        """Read the file and plan it; raises BadInput."""
        file = LintedFile.read(name)
        snapshot = installation.directory.snapshot
        home = _home(snapshot, installation.settings.partition)
        return cls._of(installation, file, _read(file, lambda: read_document(file.data, home)))

    @classmethod
    def copying(cls, installation: Installation, name: str, *, account: str | None) -> Planned:
        """Read the file and plan a copy of the account in it, with another id if one is given; raises BadInput."""
        file = LintedFile.read(name)
        snapshot = installation.directory.snapshot
        home = replace(_home(snapshot, installation.settings.partition), copied=True)
        document = copied(_read(file, lambda: read_copy(file.data, home, account)), snapshot)
        return cls._of(installation, file, document)

    @classmethod
    def _of(cls, installation: Installation, file: LintedFile, document: Document) -> Planned:
        partition, snapshot = installation.settings.partition, installation.directory.snapshot
        operator = Operator(parts=installation.execution.parts, partition=partition, now=installation.clock())
        with progress("planning") as told:
            plan = make_plan(document, snapshot, operator, installation.store.types, told)
        return cls(
            file=file,
            plan=plan,
            applying=Applying(store=installation.store, directory=installation.directory, operator=operator),
        )

    def render(self) -> str:
        """A line for each entry that is not as it should be, and one that counts."""
        lines = (*self._lines(), self.summary(), *(f"note: {remark}" for remark in self.plan.remarks()))
        return "\n".join(map(printable, lines))

    def summary(self, *, done: bool = False) -> str:
        """How many entries there are of each verdict, before or after the plan is carried out."""
        counts = {verdict: self.plan.count(verdict) for verdict in Verdict}
        create, update = counts[Verdict.CREATE], counts[Verdict.UPDATE]
        if done:
            return f"{create} created, {update} updated, {counts[Verdict.UNCHANGED]} unchanged"
        return (
            f"{create} to create, {update} to update, {counts[Verdict.UNCHANGED]} unchanged, "
            f"{counts[Verdict.CANNOT]} that cannot be done"
        )

    def as_json(self) -> str:
        """The plan in JSON values."""
        items = [
            {
                "Verdict": item.verdict.value,
                "Kind": item.wanted.word,
                "AccountId": item.wanted.account,
                "Name": item.wanted.name,
                "Operations": item.operations,
                "Problem": item.problem or None,
                "Path": item.wanted.place,
            }
            for item in self.plan.items
        ]
        return json.dumps({"Items": items, "Notes": list(self.plan.remarks())}, indent=2)

    def refuse_impossible(self) -> None:
        """Raise ClickException if something cannot be done: then nothing is."""
        if impossible := self.plan.impossible:
            raise click.ClickException(
                "\n".join(("nothing is changed, since this cannot be done:", *self._problem_lines(impossible)))
            )

    def not_taken(self) -> str:
        """What cannot be done, with the reasons; empty if there is nothing of the kind."""
        impossible = self.plan.impossible
        return "\n".join(("this could not be taken:", *self._problem_lines(impossible))) if impossible else ""

    def _problem_lines(self, items: Iterable[Item]) -> Iterator[str]:
        return (self.file.told(item.wanted.place, _problem(item), at_name=False) for item in items)

    def carry_out(self, *, atomic: bool = False) -> None:
        """Do it; raises ClickException for what others have made impossible in the meantime."""
        try:
            if atomic:
                self.applying.apply_at_once(self.plan)
            else:
                self._in_chunks()
        except Interrupted as problem:
            told = self.file.told(
                problem.wanted.place, f"{_entry_name(problem.wanted)}: {problem.problem}", at_name=False
            )
            raise click.ClickException(
                f"{told}\n{problem.done} entries were made; apply the file again to go on"
            ) from None

    def _in_chunks(self) -> None:
        with progress("applying") as told:
            self.applying.apply(self.plan, told)

    def _lines(self) -> Iterator[str]:
        for item in self.plan.items:
            if item.verdict is not Verdict.UNCHANGED:
                yield f"{item.verdict.value:<10} {_entry_name(item.wanted)}{_operations(item)}"


def _read(file: LintedFile, read: Callable[[], Document]) -> Document:
    try:
        return read()
    except Misread as problem:
        lines = (file.told(fault.path, fault.text.strip(), at_name=fault.at_name) for fault in problem.faults)
        raise BadInput("\n".join(lines)) from problem


def _home(snapshot: Snapshot, partition: str) -> Home:
    """What a file need not say; `partition` is that of new accounts."""

    def partition_of(account: str) -> str:
        view = snapshot.account(account)
        return partition if view is None else view.account.partition

    only = next(iter(snapshot.accounts)) if len(snapshot.accounts) == 1 else None
    return Home(partition_of=partition_of, account=only)


def _operations(item: Item) -> str:
    told = ", ".join(name if times == 1 else f"{name} x{times}" for name, times in item.operations.items())
    return f"  ({told})" if told else ""


def _problem(item: Item) -> str:
    return f"{item.wanted.place}: {_entry_name(item.wanted)}: {item.problem}"


def _entry_name(wanted: Wanted) -> str:
    return printable(f"{wanted.word} {wanted.account}" + (f" {wanted.name}" if wanted.name != wanted.account else ""))
