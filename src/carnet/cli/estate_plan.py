"""The import of an organization: what a file would make, and making it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from carnet.assembly.installation import Installation
from carnet.base.faults import Fault
from carnet.base.printable import printable
from carnet.cli.linted_file import BadInput, LintedFile
from carnet.cli.progress import progress
from carnet.policy.case_members import Misread
from carnet.provisioning.estates.answers import assembled
from carnet.provisioning.estates.application import Importing, Item, planned
from carnet.provisioning.estates.changes import entries_of
from carnet.provisioning.estates.document import read_estate
from carnet.provisioning.plan import Verdict
from carnet.services.accounts import RootKey


@dataclass(frozen=True, slots=True, kw_only=True)
class EstatePlan:
    """What becomes of each entry in a file."""

    installation: Installation
    items: tuple[Item, ...]

    @classmethod
    def of(cls, installation: Installation, name: str) -> EstatePlan:
        """Read the file or folder and plan it; raises BadInput."""
        file = None if Path(name).is_dir() else LintedFile.read(name)
        try:
            estate = read_estate(assembled(Path(name), _data) if file is None else file.data)
        except Misread as problem:
            shown = (
                f"{name}: {fault.text.strip()}"
                if file is None
                else file.told(fault.path, fault.text.strip(), at_name=fault.at_name)
                for fault in problem.faults
            )
            raise BadInput("\n".join(shown)) from problem
        snapshot = installation.directory.snapshot
        partition = installation.settings.partition
        entries = entries_of(estate, snapshot, installation.ids, partition=partition, now=installation.clock())
        return cls(installation=installation, items=planned(entries, snapshot))

    def render(self) -> str:
        """A line for each entry that is not as it should be, and one that counts."""
        return "\n".join((*self._lines(), self.summary()))

    def summary(self, *, done: bool = False) -> str:
        """How many entries there are of each verdict, before or after the plan is carried out."""
        count = {verdict: sum(item.verdict is verdict for item in self.items) for verdict in Verdict}
        create, update, unchanged = count[Verdict.CREATE], count[Verdict.UPDATE], count[Verdict.UNCHANGED]
        if done:
            return f"{create} created, {update} updated, {unchanged} unchanged"
        cannot = count[Verdict.CANNOT]
        return f"{create} to create, {update} to update, {unchanged} unchanged, {cannot} that cannot be done"

    def not_taken(self) -> str:
        """What cannot be done, with the reasons; empty if there is nothing of the kind."""
        told = [
            f"{item.entry.place}: {_item_name(item)}: {item.problem}"
            for item in self.items
            if item.verdict is Verdict.CANNOT
        ]
        return "\n".join(("this could not be taken:", *told)) if told else ""

    def carry_out(self, *, root_keys: bool) -> tuple[RootKey, ...]:
        """Do it; raises ClickException for what others have made impossible in the meantime."""
        here = self.installation
        importing = Importing(
            store=here.store,
            directory=here.directory,
            keyring=here.keyring,
            ids=here.ids,
            now=here.clock(),
            root_keys=root_keys,
        )
        try:
            with progress("importing") as told:
                return importing.apply(self.items, told)
        except Fault as problem:
            raise click.ClickException(f"{problem.message} Import the file again to go on.") from problem

    def _lines(self) -> Iterator[str]:
        for item in self.items:
            if item.verdict is not Verdict.UNCHANGED:
                yield f"{item.verdict.value:<10} {_item_name(item)}"


def _data(file: Path) -> Any:
    return LintedFile.read(str(file)).data


def _item_name(item: Item) -> str:
    return printable(f"{item.entry.word} {item.entry.id} {item.entry.name}").rstrip()
