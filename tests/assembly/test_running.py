"""The directory of an installation, whoever makes it first."""

from __future__ import annotations

import stat
from pathlib import Path

from carnet.assembly.running import as_server
from carnet.assembly.settings import Settings
from carnet.assembly.state import open_state


def test_what_a_first_start_makes_is_its_owners_alone(tmp_path: Path) -> None:
    by_server, by_state = tmp_path / "one" / "data", tmp_path / "two" / "data"
    with as_server(by_server, "http://127.0.0.1:1"):
        assert stat.S_IMODE(by_server.stat().st_mode) == 0o700
    with open_state(Settings(data_dir=by_state), create=True):
        assert stat.S_IMODE(by_state.stat().st_mode) == 0o700
