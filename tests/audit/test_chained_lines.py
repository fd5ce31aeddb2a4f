"""The audit log is one chain, whichever processes write it, and whatever happens to its files meanwhile."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from carnet.audit import log_files, room
from carnet.audit.chain import MEMBER_BYTES, Tip, beginning, hash_of, linked, place_of
from carnet.audit.chained_lines import ChainedLines
from carnet.audit.json_line import line_of
from carnet.audit.segments import Segments
from carnet.base.faults import Unavailable


def clock() -> datetime:
    return datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit" / "audit.jsonl"


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1]


def objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines_of(path)]


def kinds(path: Path) -> list[str]:
    return [next(iter(each)) for each in objects(path)]


def unbroken(*files: Path) -> bool:
    """Whether the chained lines of these files are one chain from its beginning."""
    lines = [line for file in files for line in lines_of(file) if place_of(line) is not None]
    tip: Tip | None = None
    for line in lines:
        place = place_of(line)
        assert place is not None
        former = beginning(place.log) if tip is None else tip
        if place != (former.log, former.number + 1, hash_of(former.hash, line)):
            return False
        tip = place
    return tip is not None


def test_a_line_tells_its_place() -> None:
    tip, lines = linked(beginning("0" * 16), line_of({"a": 1}) + line_of({"b": ',"chain":{'}))
    first, second = lines.split(b"\n")[:-1]
    assert json.loads(first) == {"a": 1, "chain": json.loads(first)["chain"]}
    assert (place_of(first), place_of(second)) == (Tip("0" * 16, 1, hash_of(bytes(32), first)), tip)
    assert tip.hash == hash_of(hash_of(bytes(32), first), second)
    assert place_of(b'{"a":1}') is place_of(b"") is None


def test_processes_that_share_a_log_write_one_chain(path: Path) -> None:
    writers = [ChainedLines(path, clock) for _ in range(3)]
    for number in range(9):
        writers[number % 3].append({"n": number}, {"n": number})
    assert [each["n"] for each in objects(path)[1:]] == [number // 2 for number in range(18)]
    assert unbroken(path)
    assert {place.log for line in lines_of(path) if (place := place_of(line)) is not None} == {writers[0].log}


def test_a_log_without_a_chain_is_gone_on_with(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"old":1}\n')
    ChainedLines(path, clock).append({"new": 1})
    assert kinds(path) == ["old", "segment", "new"]
    assert unbroken(path)


@pytest.mark.parametrize("torn", [b'{"a":', b"x" * 200_000, b'{"a":1,"chain":{"log":"'])
def test_what_a_crash_has_left_of_a_line_is_told_of(path: Path, torn: bytes) -> None:
    ChainedLines(path, clock).append({"a": 1})
    with path.open("ab") as file:
        file.write(torn)
    for number in (2, 3):
        ChainedLines(path, clock).append({"a": number})
    assert lines_of(path)[2] == torn
    after = [json.loads(line) for line in lines_of(path)[3:]]
    assert after[0]["tornLine"]["bytes"] == len(torn)
    assert [each["a"] for each in after[1:]] == [2, 3]
    assert unbroken(path)


def test_a_line_that_lacks_but_its_end_is_whole(path: Path) -> None:
    ChainedLines(path, clock).append({"a": 1})
    path.write_bytes(path.read_bytes()[:-1])
    ChainedLines(path, clock).append({"a": 2})
    assert kinds(path) == ["segment", "a", "a"]
    assert unbroken(path)


def test_the_chain_goes_on_in_the_file_that_takes_the_place_of_another(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ChainedLines(path, clock), ChainedLines(path, clock)
    first.append({"a": 1})
    moved = path.with_name("audit.jsonl.1")
    path.rename(moved)
    second.append({"a": 2})
    monkeypatch.setattr(log_files, "_LOOK_SECONDS", 0.0)
    assert first.follow()
    monkeypatch.undo()
    second.append({"a": 3})  # which has not looked yet
    first.append({"a": 4})
    assert (kinds(moved), kinds(path)) == (["segment", "a", "a", "segmentEnds"], ["segment", "a", "a"])
    assert [each.get("a") for each in objects(path)] == [None, 3, 4]
    assert objects(moved)[-1]["segmentEnds"]["time"] == objects(path)[0]["segment"]["time"] == "2026-01-02T03:04:05Z"
    assert unbroken(moved, path)


def test_the_process_that_is_told_of_the_end_may_begin_the_next_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ChainedLines(path, clock), ChainedLines(path, clock)
    moved = path.with_name("audit.jsonl.1")
    path.rename(moved)
    first._leave()
    second.append({"a": 1})
    assert (kinds(moved), kinds(path)) == (["segment", "segmentEnds"], ["segment", "a"])
    assert unbroken(moved, path)


def test_a_process_that_finds_a_rolled_file_goes_on_behind_it(path: Path) -> None:
    server = ChainedLines(path, clock)
    server.append({"a": 1})
    rolled = path.with_name("audit-20260102T030405.000006Z.jsonl")
    path.rename(rolled)
    assert Segments(path).newest_first() == [rolled]
    ChainedLines(path, clock).append({"a": 2})
    server.append({"a": 3})
    assert (kinds(rolled), kinds(path)) == (["segment", "a", "segmentEnds"], ["segment", "a", "a"])
    assert unbroken(rolled, path)


def test_lines_that_are_cut_off_under_a_running_server_are_missed(path: Path) -> None:
    lines = ChainedLines(path, clock)
    for number in range(5):
        lines.append({"a": number})
    kept = lines_of(path)[:3]
    path.write_bytes(b"\n".join(kept) + b"\n")
    lines.append({"a": 9})
    assert kinds(path) == ["segment", "a", "a", "segment", "a"]
    assert [each["chain"]["number"] for each in objects(path)] == [1, 2, 3, 7, 8]
    assert objects(path)[3]["segment"]["previous"]["number"] == 6
    assert not unbroken(path)


def test_a_last_line_that_is_altered_under_a_running_server_is_missed(path: Path) -> None:
    lines = ChainedLines(path, clock)
    lines.append({"a": 1})
    first = lines_of(path)[0]
    begins = place_of(first)
    assert begins is not None
    path.write_bytes(first + b"\n" + linked(begins, line_of({"a": "another"}))[1])
    lines.append({"b": 1})
    assert kinds(path) == ["segment", "a", "segment", "b"]
    assert [each["chain"]["number"] for each in objects(path)] == [1, 2, 3, 4]
    assert not unbroken(path)


def test_another_log_in_its_place_names_the_one_before(path: Path) -> None:
    server = ChainedLines(path, clock)
    server.append({"a": 1})
    path.unlink()
    other = ChainedLines(path, clock)
    other.append({"a": 2})
    server._looked = 0.0
    assert server.follow()
    server.append({"a": 3})
    assert kinds(path) == ["segment", "a", "segment", "a"]
    assert objects(path)[2]["segment"]["log"] not in (other.log, None)
    assert server.log == other.log
    assert unbroken(path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=False)
    if made.returncode:
        pytest.skip("only root makes file systems")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill_up(disk: Path) -> None:
    """Take all that is left, to the last page."""
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_takes_what_was_promised_and_nothing_else(small_disk: Path) -> None:
    lines = ChainedLines(small_disk / "audit.jsonl", clock)
    other = ChainedLines(small_disk / "audit.jsonl", clock)
    promised = b"".join(line_of({"promised": number}) for number in range(1000))
    size = len(promised) + 1000 * MEMBER_BYTES
    lines.promise(size)
    fill_up(small_disk)
    refused = 0
    for each in (lines, other) * 2000:
        try:
            each.append({"read": "x" * 400})
        except Unavailable:
            refused += 1
    assert 0 < refused < 4000  # what was reserved beside the promise is taken by those who come first
    lines.keep(promised, size)
    with pytest.raises(Unavailable, match="no room"):
        lines.promise(room.SLACK)
    (small_disk / "filler").unlink()
    lines.promise(100)
    lines.append({"a": 1})
    assert kinds(small_disk / "audit.jsonl").count("promised") == 1000
    assert unbroken(small_disk / "audit.jsonl")


@pytest.mark.parametrize("problem", [errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_nothing_can_be_reserved_the_disk_must_have_room(
    path: Path, monkeypatch: pytest.MonkeyPatch, problem: int
) -> None:
    monkeypatch.setattr(room, "_fallocated", lambda *_: problem)
    lines = ChainedLines(path, clock)
    lines.promise(10)
    monkeypatch.setattr(room, "free", lambda _: room.SLACK)
    with pytest.raises(Unavailable, match="no room"):
        lines.promise(10)


@pytest.mark.parametrize("taken", [0, 1, 50, 200, 400])
def test_of_lines_that_the_disk_takes_in_part_nothing_is_left(
    path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    lines = ChainedLines(path, clock)
    before, whole_write = path.read_bytes(), os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda file, data: whole_write(file, data[:taken]))
        with pytest.raises(Unavailable):
            lines.append({"a": "x" * 200}, {"b": "y" * 200})
    assert path.read_bytes() == before
    lines.append({"c": 1})
    assert kinds(path) == ["segment", "c"]
    assert unbroken(path)


def test_a_log_that_was_cut_off_has_no_room_left_until_it_is_reserved_again(small_disk: Path) -> None:
    """As logrotate does it with `copytruncate`."""
    path = small_disk / "audit.jsonl"
    lines = ChainedLines(path, clock)
    lines.append({"a": 1})
    copied = path.read_bytes()
    os.truncate(path, 0)
    fill_up(small_disk)
    filler = small_disk / "filler"
    os.truncate(filler, filler.stat().st_size - 2 * 4096)  # a line has room, but no slack behind it
    with pytest.raises(Unavailable, match="no room"):
        lines.promise(100)
    filler.unlink()
    lines.promise(100)
    lines.append({"b": 2})
    copy = small_disk / "copied"
    copy.write_bytes(copied)
    assert unbroken(copy, path)


def open_files() -> set[str]:
    """What the descriptors of this process stand for."""
    found = set[str]()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # closed since, as that of the listing is
            found.add(os.readlink(f"/proc/self/fd/{descriptor}"))
    return found


def test_a_log_that_cannot_be_begun_keeps_no_file_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is opened again for each call that would be recorded."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ChainedLines, "_put", full)
    with pytest.raises(Unavailable, match="cannot be written"):
        ChainedLines(path, clock)
    assert path.exists()
    assert str(path) not in open_files(), "counting is not enough: other threads have files of their own"
