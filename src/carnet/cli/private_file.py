"""Files with secrets: only their owner can read them, and a reader finds the whole text or the one before."""

from __future__ import annotations

from pathlib import Path

from carnet.base.whole_file import whole_file


def replace_file(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner only. A symbolic link stays one. Raises OSError."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with whole_file(target) as file:
        file.write(text.encode())
