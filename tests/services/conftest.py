"""Fixtures of the tests of services."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from tests.services.world import World, open_world


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of an installation without accounts. Migrating one for each test takes most of its time."""
    directory = tmp_path_factory.mktemp("installed") / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


@pytest.fixture
def world(tmp_path: Path, installed: Path) -> Iterator[World]:
    shutil.copytree(installed, tmp_path / "data")
    with open_world(tmp_path) as made:
        yield made
