"""The files of a log: when one is begun, and which go."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carnet.audit import log_files, segments
from carnet.audit.log_files import JsonLines
from carnet.audit.segments import Segments

NOW = datetime.now(UTC)
AGE = timedelta(days=90)


@pytest.fixture
def log(tmp_path: Path) -> Segments:
    return Segments(tmp_path / "audit.jsonl")


def fill(path: Path, size: int, *, written: datetime = NOW) -> Path:
    path.write_bytes(b"x" * size)
    os.utime(path, (written.timestamp(), written.timestamp()))
    return path


def rolled(log: Segments, end: datetime, size: int) -> Path:
    return fill(log.path.with_name(f"audit-{end:%Y%m%dT%H%M%S.%fZ}.jsonl"), size, written=end)


@pytest.mark.parametrize(("size", "there"), [(99, True), (100, False)])
def test_a_file_is_rolled_when_it_has_its_part_of_what_all_may_have(log: Segments, size: int, there: bool) -> None:
    fill(log.path, size)
    log.tidy(NOW, age=AGE, most_bytes=800)
    assert log.path.exists() == there
    assert len(log.newest_first()) == 1


@pytest.mark.parametrize(("size", "there"), [(99, True), (100, False)])
def test_a_file_is_rolled_at_the_latest_at_the_largest_size(
    log: Segments, monkeypatch: pytest.MonkeyPatch, size: int, there: bool
) -> None:
    monkeypatch.setattr(segments, "_LARGEST", 100)
    fill(log.path, size)
    log.tidy(NOW, age=AGE)
    assert log.path.exists() == there


@pytest.mark.parametrize(("hours", "size", "there"), [(23, 1, True), (25, 1, False), (25, 0, True)])
def test_a_file_is_rolled_after_a_day_if_anything_is_in_it(log: Segments, hours: int, size: int, there: bool) -> None:
    fill(log.path, size)
    log.tidy(NOW, age=AGE)
    log.tidy(NOW + timedelta(hours=hours), age=AGE)
    assert log.path.exists() == there


def test_the_day_begins_anew_with_each_file(log: Segments) -> None:
    fill(log.path, 1)
    log.tidy(NOW, age=AGE)
    log.tidy(NOW + timedelta(hours=25), age=AGE)
    fill(log.path, 1)
    log.tidy(NOW + timedelta(hours=48), age=AGE)
    assert log.path.exists()
    log.tidy(NOW + timedelta(hours=50), age=AGE)
    assert not log.path.exists()


@pytest.mark.parametrize(("days", "there"), [(89, True), (91, False)])
def test_rolled_files_go_when_they_are_too_old(log: Segments, days: int, there: bool) -> None:
    fill(log.path, 1)
    old = rolled(log, NOW - timedelta(days=days), 1)
    log.tidy(NOW, age=AGE)
    assert old.exists() == there


@pytest.mark.parametrize(("most", "kept"), [(1200, 3), (1199, 2), (889, 1), (10, 0)])
def test_the_oldest_go_as_long_as_all_are_too_large_together(log: Segments, most: int, kept: int) -> None:
    fill(log.path, 0)
    files = [rolled(log, NOW - timedelta(days=days), size) for days, size in ((1, 500), (2, 390), (3, 310))]
    log.tidy(NOW, age=AGE, most_bytes=most)
    assert [file.exists() for file in files] == [number < kept for number in range(3)]
    assert log.path.exists()


def test_files_that_the_log_did_not_roll_are_left_alone(log: Segments) -> None:
    fill(log.path, 1)
    others = [
        fill(log.path.with_name(name), 900, written=NOW - timedelta(days=200))
        for name in (
            "audit.jsonl.1",
            "audit-20260102.jsonl",
            "audit-20260102T030405.000006Z.jsonl.gz",
            "decisions.jsonl",
        )
    ]
    log.tidy(NOW, age=AGE, most_bytes=100)
    assert all(other.exists() for other in others)


def test_the_files_are_told_the_newest_first(log: Segments) -> None:
    assert log.newest_first() == []
    one, two = rolled(log, NOW - timedelta(days=2), 1), rolled(log, NOW - timedelta(days=1), 1)
    assert log.newest_first() == [two, one]
    assert fill(log.path, 1) == log.newest_first()[0]


def test_only_one_process_tidies_at_a_time(log: Segments) -> None:
    fill(log.path, 1000)
    with log.path.with_suffix(".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        log.tidy(NOW, age=AGE, most_bytes=1000)
        assert log.path.exists()
    log.tidy(NOW, age=AGE, most_bytes=1000)
    assert not log.path.exists()


def test_two_ends_at_one_moment_are_two_files(log: Segments) -> None:
    for _ in range(2):
        fill(log.path, 1000)
        log.tidy(NOW, age=AGE, most_bytes=8000)
    assert not log.path.exists()
    assert len(log.newest_first()) == 2


def test_those_who_write_go_on_in_a_new_file_and_lose_nothing(log: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(segments, "_LARGEST", 2_500)
    one, two = JsonLines(log.path), JsonLines(log.path)
    for number in range(20):
        for writer in (one, two):
            writer.follow()
            writer.append({"number": number, "text": "x" * 500})
        log.tidy(NOW + timedelta(seconds=number), age=AGE)
    assert len(log.newest_first()) > 5
    kept = b"".join(path.read_bytes() for path in log.newest_first())
    assert kept.count(b"\n") == 40
    one.close()
    two.close()


def test_files_are_in_their_order_also_if_one_ended_while_the_clock_was_ahead(log: Segments) -> None:
    for year in (366, 0, 1):
        fill(log.path, 100)
        log.tidy(NOW + timedelta(days=year), age=timedelta(days=1000), most_bytes=800)
        (newest, *_) = log.newest_first()
        newest.write_text(str(year))
    assert [file.read_text() for file in log.newest_first()] == ["1", "0", "366"]


def test_a_file_that_was_begun_while_the_clock_was_ahead_is_rolled_a_day_after_it_is_right(log: Segments) -> None:
    fill(log.path, 1)
    log.tidy(NOW, age=AGE)
    log.tidy(NOW + timedelta(days=366), age=timedelta(days=1000))
    fill(log.path, 1)
    log.tidy(NOW, age=timedelta(days=1000))
    log.tidy(NOW + timedelta(hours=23), age=timedelta(days=1000))
    assert log.path.exists()
    log.tidy(NOW + timedelta(hours=25), age=timedelta(days=1000))
    assert not log.path.exists()


def test_what_is_removed_is_told(log: Segments) -> None:
    fill(log.path, 1)
    old = rolled(log, NOW - timedelta(days=91), 1)
    assert log.tidy(NOW, age=AGE) == [old]
    assert log.tidy(NOW, age=AGE) == []
