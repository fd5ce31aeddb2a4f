"""What a command says if it fails of something that an operator can do something about: one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carnet.assembly.running import DirectoryBusy, ServerRuns
from carnet.assembly.state import StoreMissing
from carnet.base.faults import Fault, Unavailable, Unsent
from carnet.keyring.errors import KeyringError
from carnet.store.faults import BadBackup, Damaged, Held, Incompatible, NoRoom, NotSetUp


def told(problem: Exception) -> str | None:
    """The line; None for what is a fault of Carnet's own."""
    match problem:
        case Damaged():
            return f"{problem.message} Move it away, and restore a backup: carnet restore FILE."
        case Held():
            return f"{problem.message} Try again when it is done."
        case Unsent() | NoRoom():
            return problem.message
        case Unavailable():
            hint = (
                "Is it there, and may it be written? carnet doctor looks; --data-dir or --database-url names another."
            )
            return f"{problem.message} {hint}"
        case Fault():
            return problem.message
        case NotSetUp():
            return f"{problem} --data-dir or --database-url names another; carnet serve makes one."
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
