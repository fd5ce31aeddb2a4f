"""What holds for every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from tests import profiles, scratch
from tests.stores import shared_dialect

profiles.register()
shared_dialect.share()
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch.place()))  # what `tmp_path` is below


_LOOKED_THROUGH = (20_000, 20, 20)
"""After how many objects more than before Python looks for cycles, as `gc.set_threshold` takes them."""


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and tests stay: looking through all of them for cycles, again and again, took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_LOOKED_THROUGH)


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """`carnet serve`, run in the test's process, sets the variables that its workers read."""
    before = dict(os.environ)
    yield
    for name in [name for name in os.environ if name.startswith("CARNET_")]:
        if name not in before:
            del os.environ[name]
