from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.sso_admin.center import Center, a_center
from tests.services.world import World, open_world


@pytest.fixture(scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("center")) as world:
        yield world


@pytest.fixture(scope="module")
def center(_shared: World) -> Center:
    """One for all tests of a module, each of which makes what it needs in it."""
    return a_center(_shared)


@pytest.fixture
def own_center(world: World) -> Center:
    """One for a test alone."""
    return a_center(world)
