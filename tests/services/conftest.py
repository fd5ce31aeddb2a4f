"""Fixtures of the tests of services."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from carnet.services import execution
from tests.services.inputs import SharedWorlds
from tests.services.world import World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedWorlds]:
    with ExitStack() as stack:
        yield SharedWorlds(lambda: stack.enter_context(open_world(tmp_path_factory.mktemp("shared"))))


@pytest.fixture(autouse=True)
def patient_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine, too, the changes that a test makes together are in one group."""
    monkeypatch.setattr(execution, "_GROUP_SECONDS", 600)
