"""What holds for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import scratch
from tests.stores import shared_dialect

# A busy machine is no fault of what is tested: how long an example takes is for benchmarks to say.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

shared_dialect.share()
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch.place()))  # what `tmp_path` is below


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """`carnet serve`, run in the test's process, sets the variables that its workers read."""
    before = dict(os.environ)
    yield
    for name in [name for name in os.environ if name.startswith("CARNET_")]:
        if name not in before:
            del os.environ[name]
