from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.services.identitystore.people import Store, a_store
from tests.services.world import World, open_world

_NUMBERS = count()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for a module, whose tests use names of their own."""
    with open_world(tmp_path_factory.mktemp("store")) as world:
        yield a_store(world)


@pytest.fixture
def name() -> str:
    """A name that no other test of the module has."""
    return f"someone{next(_NUMBERS)}"


@pytest.fixture
def store(world: World) -> Store:
    """A store of a test's own."""
    return a_store(world)
