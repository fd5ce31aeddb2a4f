"""Append-only files of JSON lines."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import stat
import time
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.audit import log_files
from carnet.audit.json_line import line_of
from carnet.audit.log_files import JsonLines
from carnet.base.faults import Unavailable


def test_every_object_is_a_line_of_its_owners_file(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "audit.jsonl"
    lines = JsonLines(path)
    lines.append({"a": 1}, {"b": "\u00e9"})
    JsonLines(path).append({"c": None})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": 1}, {"b": "\u00e9"}, {"c": None}]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_makes_a_second_line_or_reaches_a_terminal(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("lines") / "x.jsonl"
    lines = JsonLines(path)
    lines.append({"userAgent": text})
    lines.close()
    written = path.read_bytes().decode()
    assert json.loads(written) == {"userAgent": text}
    assert len(written.splitlines()) == 1
    assert not any(unicodedata.category(each) in ("Cc", "Cf", "Zl", "Zp") for each in written[:-1])


def test_what_has_no_width_or_turns_text_around_is_escaped() -> None:
    unseen = [chr(code) for code in range(0x80, 0x110000) if unicodedata.category(chr(code)) in ("Cf", "Zl", "Zp")]
    line = line_of({"userAgent": "".join(unseen)})
    assert line.isascii()
    assert json.loads(line) == {"userAgent": "".join(unseen)}


def test_what_a_crash_has_left_of_a_line_swallows_no_other(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"a":1}\n{"a":')
    for number in (2, 3):
        JsonLines(path).append({"b": number})
    assert path.read_text() == '{"a":1}\n{"a":\n{"b":2}\n{"b":3}\n'


def test_another_process_that_writes_is_waited_for_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "_WAIT_SECONDS", 0.05)
    path = tmp_path / "audit.jsonl"
    lines = JsonLines(path)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="Another process"):
            lines.append({"a": 1})
        fcntl.flock(other, fcntl.LOCK_UN)
        lines.append({"a": 2})
    assert path.read_text() == '{"a":2}\n'


def test_a_full_disk_is_told() -> None:
    with pytest.raises(Unavailable):
        JsonLines(Path("/dev/full")).append({"a": 1})


def test_why_lines_are_refused_is_said_once_and_that_they_are_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lines = JsonLines(tmp_path / "x.jsonl", "log of decisions")
    with monkeypatch.context() as patched:
        patched.setattr(JsonLines, "_put", broken)
        for _ in range(3):
            with pytest.raises(Unavailable, match=r"^The log of decisions cannot be written\.$"):
                lines.append({"a": 1})
        refused = lines.refusal
    lines.append({"a": 2})
    lines.append({"a": 3})
    assert (refused, lines.refusal) == ("Input/output error", None)
    lines.close()
    assert [record.getMessage().removeprefix(f"{lines.path} ") for record in caplog.records] == [
        "cannot be written, and what it has to tell of is refused: Input/output error",
        "is written again",
    ]


def broken(*_: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_who_follows_a_file_hears_that_it_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = JsonLines(path)
    lines.append({"a": 1})
    assert not lines.follow()
    os.truncate(path, 0)
    assert lines.follow()
    lines.append({"a": 2})
    assert not lines.follow()
    lines.close()
    assert path.read_text() == '{"a":2}\n'


def test_a_file_that_is_moved_away_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "_LOOK_SECONDS", 0.0)
    path, moved = tmp_path / "audit" / "audit.jsonl", tmp_path / "audit" / "audit.jsonl.1"
    lines = JsonLines(path)
    lines.append({"a": 1})
    assert not lines.follow()
    path.rename(moved)
    lines.append({"a": 2})
    assert lines.follow()
    lines.append({"a": 3})
    assert not lines.follow()
    assert moved.read_text() == '{"a":1}\n{"a":2}\n'
    assert path.read_text() == '{"a":3}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shutil.rmtree(path.parent)
    assert lines.follow()
    lines.append({"a": 4})
    assert path.read_text() == '{"a":4}\n'


def test_where_no_file_can_be_begun_nothing_is_lost_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "_LOOK_SECONDS", 0.0)
    path = tmp_path / "audit.jsonl"
    lines = JsonLines(path)
    path.rename(tmp_path / "moved")
    path.mkdir()
    with pytest.raises(Unavailable):
        lines.follow()
    path.rmdir()
    assert lines.follow()


def test_a_file_is_looked_for_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, path = [100.0], tmp_path / "audit.jsonl"
    monkeypatch.setattr(log_files, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=time.sleep))
    lines = JsonLines(path)
    path.unlink()
    now[0] += 0.99
    assert not lines.follow()
    assert not path.exists()
    now[0] += 0.02
    assert lines.follow()
    assert path.exists()
    lines.close()
