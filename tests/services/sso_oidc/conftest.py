from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.sso_oidc.people import Center
from tests.services.world import World, open_world


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for a module: each test has an account and an instance of its own in it."""
    with open_world(tmp_path_factory.mktemp("shared")) as world:
        yield world


@pytest.fixture
def center(shared: World) -> Center:
    return Center(shared)
