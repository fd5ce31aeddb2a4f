from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from tests.scim.provisioner import Provisioner, provisioner
from tests.server.in_process import InProcessServer, in_process_server

_NUMBERS = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("scim")) as running:
        yield running


@pytest.fixture(scope="module")
def scim(server: InProcessServer) -> Provisioner:
    """A provisioner of the first account's instance."""
    return provisioner(server, server.root.account)


@pytest.fixture
def name() -> str:
    """A name that no other test of the module has."""
    return f"someone{next(_NUMBERS)}"
