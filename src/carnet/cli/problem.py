"""What a command says if it fails of something that an operator can do something about: one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from carnet.assembly.running import DirectoryBusy, ServerRuns
from carnet.assembly.state import StoreMissing
from carnet.base.faults import Fault
from carnet.keyring.errors import KeyringError
from carnet.store.faults import BadBackup, Damaged, Held, Incompatible, NotSetUp, TakesNoChanges, Unreachable, because


def told(problem: Exception) -> str | None:
    """The line; None for what is a fault of Carnet's own."""
    match problem:
        case Damaged():
            return f"{problem.message} Move it away, and restore a backup: carnet restore FILE."
        case Held():
            return f"{problem.message} Try again when it is done."
        case TakesNoChanges():
            return because(problem)
        case Unreachable():
            asked = "Is the store there, and may it be written?"
            return f"{problem.message} {asked} carnet doctor looks; --data-dir or --database-url names another."
        case Fault():
            return problem.message
        case NotSetUp():
            return f"{problem} --data-dir or --database-url names another; carnet serve makes one.{_elsewhere()}"
        case OSError():
            return _of_file(problem)
        case (
            ValueError()
            | KeyringError()
            | Incompatible()
            | BadBackup()
            | ServerRuns()
            | DirectoryBusy()
            | StoreMissing()
        ):
            return str(problem)
        case _:
            return None


def _elsewhere() -> str:
    """How a server is asked that keeps its installation in memory or on another machine, if the command can ask one."""
    context = click.get_current_context(silent=True)
    asks = context is not None and any(each.name == "endpoint_url" for each in context.command.params)
    return " --endpoint-url asks a server that keeps its own elsewhere, or in memory (--dev)." if asks else ""


def _of_file(problem: OSError) -> str:
    """The file and what is wrong with it, without Python's number and quotes."""
    if problem.filename is None or problem.strerror is None:
        return str(problem)
    return f"{problem.filename}: {problem.strerror}"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError that names no file, as one of a write does on a full disk, names this one."""
    try:
        yield
    except OSError as problem:
        problem.filename = problem.filename or str(path)
        raise
