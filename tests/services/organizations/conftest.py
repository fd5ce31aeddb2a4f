from __future__ import annotations

import pytest

from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import World


@pytest.fixture
def estate(world: World) -> Estate:
    return an_estate(world)
