"""Files that are whole, and what is left of those that were not finished."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from carnet.base import whole_file as module
from carnet.base.whole_file import drafts_of, whole_file

_KILLED = """
import os, signal, sys
from pathlib import Path
from carnet.base.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write(path: Path, content: bytes, *, replace: bool = True) -> None:
    with whole_file(path, replace=replace) as file:
        file.write(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(b"before")
    return path


def test_who_was_killed_leaves_the_file_and_a_draft_that_the_next_one_removes(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (draft,) = drafts_of(path)
    assert (path.read_bytes(), draft.read_bytes()) == (b"before", b"half")
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    write(path, b"after")
    assert path.read_bytes() == b"after"
    assert os.listdir(path.parent) == [path.name]


def test_a_draft_that_somebody_writes_is_let_be(path: Path) -> None:
    with whole_file(path) as slow:
        slow.write(b"slow")
        write(path, b"quick")
        assert path.read_bytes() == b"quick"
    assert path.read_bytes() == b"slow"
    assert os.listdir(path.parent) == [path.name]


def test_who_was_taken_for_gone_makes_another_draft(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the making of a draft and its lock somebody else removes it."""
    lock, seen = fcntl.flock, list[Path]()

    def late(descriptor: int, how: int) -> None:
        if not seen:
            seen.extend(drafts_of(path))
            module._remove_left(path)
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    write(path, b"after")
    assert len(seen) == 1
    assert path.read_bytes() == b"after"


def test_other_files_of_like_names_stay(path: Path) -> None:
    others = [path.with_name(name) for name in (".secret.old", ".other.x.carnet-draft", "secret.carnet-draft")]
    for each in others:
        each.write_bytes(b"mine")
    write(path, b"after")
    assert sorted(path.parent.iterdir()) == sorted([path, *others])


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_what_the_disk_refuses_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        write(path, b"after")
    assert path.read_bytes() == b"before"
    assert os.listdir(path.parent) == [path.name]


def test_the_error_of_a_directory_that_is_missing_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "secret"
    with pytest.raises(FileNotFoundError) as caught:
        write(path, b"after")
    assert str(caught.value) == f"[Errno {errno.ENOENT}] {os.strerror(errno.ENOENT)}: '{path}'"


def test_what_is_there_stays_if_it_is_to(path: Path) -> None:
    with pytest.raises(FileExistsError):
        write(path, b"after", replace=False)
    assert path.read_bytes() == b"before"
    path.unlink()
    write(path, b"after", replace=False)
    assert path.read_bytes() == b"after"
    assert os.listdir(path.parent) == [path.name]


def test_what_a_block_raises_leaves_the_file(path: Path) -> None:
    with suppress(KeyboardInterrupt), whole_file(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    assert os.listdir(path.parent) == [path.name]
