"""What is shipped, as `make dist` built it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


def _built(pattern: str) -> Path:
    found = [*Path("dist").glob(pattern)]
    assert len(found) == 1, "make dist builds what these tests look at"
    return found[0].resolve()


@pytest.fixture(scope="session")
def wheel() -> Path:
    return _built("*.whl")


@pytest.fixture(scope="session")
def source() -> Path:
    """The source distribution."""
    return _built("*.tar.gz")


@pytest.fixture(scope="session")
def tracked() -> frozenset[str]:
    """The files of the project that are in git and not removed, such as `src/carnet/__init__.py`."""
    shown = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout
    return frozenset(name for name in shown.splitlines() if Path(name).exists())
