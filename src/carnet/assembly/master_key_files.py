"""The files of the master key: the present one, and one that is to follow it."""

from __future__ import annotations

from contextlib import suppress

from carnet.assembly.settings import Settings
from carnet.keyring.errors import BadMasterKey
from carnet.keyring.master_key import MasterKey, load


def read_master_keys(settings: Settings) -> tuple[MasterKey, ...]:
    """The master key, and the one that is to follow it if there is one. Raises BadMasterKey, also if there is none."""
    found: list[MasterKey] = []
    for path in (settings.master_key, settings.next_master_key):
        with suppress(FileNotFoundError):
            found.append(load(path))
    if not found:
        raise BadMasterKey(
            f"The store was set up with a master key, and {settings.master_key} is not there. Put it there, or name it "
            "with --master-key-file."
        )
    return tuple(found)
