"""A store that tells the keys of objects, and a bucket whose objects no key encrypts by default."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store, another_account


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3"), "moto") as made:
        yield made


@pytest.fixture(scope="module")
def other(shared: Store) -> tuple[str, str]:
    """The key of the root user of another account."""
    return another_account(shared)


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    shared.s3.answers[f"DELETE /{BUCKET}?encryption"] = Told(status=204)
    shared.client().delete_bucket_encryption(Bucket=BUCKET)
    shared.s3.requests.clear()
    return shared
