"""Lines from the end of a file, and lines to come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest

from carnet.audit import reading
from carnet.audit.reading import follow, lines_backwards, newest
from tests.waiting import PATIENCE_SECONDS


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(
    "content", [b"", b"\n", b"a", b"one\ntwo\n\nthree\n", b"one\ntwo\nunfinis", b"x" * 30 + b"\ny\n"]
)
def test_lines_come_from_the_end_and_say_where_they_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int, content: bytes
) -> None:
    monkeypatch.setattr(reading, "_PIECE", piece)
    path = tmp_path / "lines"
    path.write_bytes(content)
    whole = content.split(b"\n")[:-1]
    with path.open("rb") as file:
        found = list(lines_backwards(file, len(content)))
        assert [line for _, line in found] == whole[::-1]
        assert all(content[begin : begin + len(line) + 1] == line + b"\n" for begin, line in found)
        for begin, _ in found:
            before = content[:begin].split(b"\n")[:-1]
            assert [line for _, line in lines_backwards(file, begin)] == before[::-1]


def test_objects_of_several_files_the_newest_first(tmp_path: Path) -> None:
    new, gone, old = tmp_path / "new", tmp_path / "gone", tmp_path / "old"
    new.write_bytes(b'{"n":4,"a":1}\n[5]\n{"n":6,"a":1}\nbroken 1\n')
    old.write_bytes(b'{"n":1,"a":1}\n{"n":2}\n')
    assert [(path.name, found["n"]) for path, found in newest([new, gone, old], b"a", b"1")] == [
        ("new", 6),
        ("new", 4),
        ("old", 1),
    ]


def when_it_waits(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Do it when a file is first waited for: what comes to it before is none of the lines to come."""
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            act()
        time.sleep(seconds)

    monkeypatch.setattr(reading, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(reading, "time", SimpleNamespace(sleep=sleep))


def test_lines_to_come_are_followed_into_the_next_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOVED_SECONDS", 2.0)
    path, moved = tmp_path / "lines", tmp_path / "moved"
    path.write_bytes(b"before\n")
    begun = threading.Event()

    def write() -> None:
        assert begun.wait(PATIENCE_SECONDS)
        with path.open("ab") as former:
            former.write(b"one\ntw")
            former.flush()
            path.rename(moved)
            path.write_bytes(b"three\n")
            former.write(b"o\n")

    writing = threading.Thread(target=write)
    writing.start()
    when_it_waits(monkeypatch, begun.set)
    assert list(islice(follow(path), 3)) == [b"one", b"two", b"three"]
    writing.join()


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lines"
    when_it_waits(monkeypatch, lambda: path.write_bytes(b"one\n"))
    assert next(follow(path)) == b"one"
