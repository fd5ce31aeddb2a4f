"""Databases that are migrated already: migrating takes most of the time of opening a new one."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from carnet.assembly.settings import Settings
from carnet.store.store import Store


def lay_out(path: Path) -> None:
    """Make an empty SQLite store at `path`; every one has the same epoch."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(_file())
    path.chmod(0o600)


def lay_out_for(settings: Settings) -> None:
    """Make the store in the data directory, if the settings name no other and it is not there yet."""
    path = settings.data_dir / "carnet.db"
    if not settings.dev and not settings.database_url and not path.exists():
        lay_out(path)


@cache
def _file() -> bytes:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "carnet.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()
