"""Fixtures of the tests of the gateway."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.behind import Behind, a_gateway
from tests.gateway.bucket_world import BucketWorld, bucket_world


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    with a_gateway(tmp_path_factory.mktemp("gateway")) as made:
        yield made


@pytest.fixture
def behind(shared: Behind) -> Behind:
    return shared.renew()


@pytest.fixture(scope="package")
def some(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketWorld]:
    """Two accounts that have no buckets but those of the tests, each of which makes its own."""
    with bucket_world(tmp_path_factory.mktemp("buckets")) as made:
        yield made
