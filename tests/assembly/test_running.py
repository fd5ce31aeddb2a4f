"""The directory of an installation, whoever makes it first."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from carnet.assembly.running import as_server
from carnet.assembly.settings import Settings
from carnet.assembly.state import open_state


def test_what_a_first_start_makes_is_its_owners_alone(tmp_path: Path) -> None:
    by_server, by_state = tmp_path / "one" / "data", tmp_path / "two" / "data"
    with as_server(by_server, "http://127.0.0.1:1"):
        assert stat.S_IMODE(by_server.stat().st_mode) == 0o700
    with open_state(Settings(data_dir=by_state), create=True):
        assert stat.S_IMODE(by_state.stat().st_mode) == 0o700


def test_a_directory_of_the_log_that_takes_no_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused: set[Path] = set()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in refused)  # root may write everywhere
    with open_state(Settings(data_dir=tmp_path), create=True) as state:
        told: list[str] = []
        refused.add(tmp_path)
        told.append(state.recorder.state)  # the directory of the log is to be made in it
        (tmp_path / "audit").mkdir()
        told.append(state.recorder.state)
        refused.add(tmp_path / "audit")
        told.append(state.recorder.state)
    assert told == ["not writable", "writable", "not writable"]
