"""Below how much room on the disk of the data directory no change is made."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carnet.assembly import state
from carnet.assembly.settings import Settings
from carnet.assembly.state import log_at, recorder_of
from carnet.audit.recorder import Recorder
from carnet.base.faults import Unavailable

FLOOR = 7 * 1024 * 1024
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def a_recorder(data: Path) -> Recorder:
    settings = Settings(data_dir=data, disk_floor_megabytes=7)
    return recorder_of(settings, log_at(settings, settings.audit_file), lambda: NOW)


@pytest.mark.parametrize(("free", "takes"), [(FLOOR + 1, True), (FLOOR, True), (FLOOR - 1, False), (0, False)])
def test_the_floor_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, takes: bool) -> None:
    monkeypatch.setattr(state, "free", {tmp_path: free}.__getitem__)
    with closing(a_recorder(tmp_path)) as recorder:
        if takes:
            recorder.check_room()
        else:
            with pytest.raises(Unavailable, match="nearly full"):
                recorder.check_room()
        assert recorder.state == ("writable" if takes else "disk nearly full")


def test_a_disk_that_does_not_tell_takes_no_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Path) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(state, "free", gone)
    with closing(a_recorder(tmp_path)) as recorder:
        with pytest.raises(Unavailable, match="Nobody can tell how full the disk"):
            recorder.check_room()
        assert recorder.state == "disk nearly full"


def test_a_command_makes_the_directory_that_is_not_there_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recorder of a machine that has no data directory, since its store is elsewhere: there is no disk to ask."""
    monkeypatch.setattr(state, "free", lambda _: 0)
    with closing(a_recorder(tmp_path / "none")) as recorder:
        recorder.check_room()
