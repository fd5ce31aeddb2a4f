"""Files with secrets: only their owner can read them, and a reader finds the whole text or the one before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_OWNER_ONLY = 0o600


def replace_file(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner only. A symbolic link stays one. Raises OSError."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, _OWNER_ONLY)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise
