"""requirements/lowest.txt holds the lowest versions that pyproject.toml allows, and no file there holds an address."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

FILES = sorted(Path("requirements").glob("*.txt"))
DEPENDENCIES: list[str] = tomllib.loads(Path("pyproject.toml").read_text())["project"]["dependencies"]
PINNED = dict(
    re.findall(r"^([\w.-]+)(?:\[[\w, -]+\])?==([\w.]+)", Path("requirements/lowest.txt").read_text(), re.MULTILINE)
)


@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_the_lowest_version_is_pinned(dependency: str) -> None:
    name, bound = re.sub(r"\[.*\]", "", dependency).lower().split(">=")
    assert f"{PINNED[name]}.".startswith(f"{bound}.")


def test_pins_keep_their_extras() -> None:
    """What a package asks for with an extra is pinned with it: pip before 24 has no hash of it otherwise."""
    assert re.search(r"^coverage\[toml\]==", Path("requirements/dev.txt").read_text(), re.MULTILINE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_address_is_held(file: Path) -> None:
    assert "://" not in file.read_text()
