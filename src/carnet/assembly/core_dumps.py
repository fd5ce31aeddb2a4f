"""Turns core dumps off, because they would hold keys and secrets."""

from __future__ import annotations

import resource


def forbid_core_dumps() -> None:
    """For this process and those that it starts; none of them can allow them again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
