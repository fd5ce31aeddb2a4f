"""Where the files of tests are: in memory, if the machine has room there, so that no test waits for the disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30


def place() -> Path:
    """A directory with a short path, since sockets are made below it."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM:
        return _MEMORY
    return Path("/tmp")
