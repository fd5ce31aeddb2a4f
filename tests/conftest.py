"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import settings

from tests import scratch
from tests.stores import shared_dialect

# A busy machine is no fault of what is tested: how long an example takes is for benchmarks to say.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

shared_dialect.share()
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch.place()))  # what `tmp_path` is below
