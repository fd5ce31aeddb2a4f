"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no fault of what is tested: how long an example takes is for benchmarks to say.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
