"""Fixtures of the tests of the gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.behind import EVERYTHING, Behind, a_gateway


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with a_gateway(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture
def behind(shared: Behind) -> Behind:
    """With an upstream that has been asked nothing yet, and a user who may do everything."""
    shared.aws.answers.clear()
    shared.aws.requests.clear()
    shared.allow(EVERYTHING)
    return shared
