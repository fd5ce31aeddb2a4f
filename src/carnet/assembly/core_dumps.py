"""A process that dies leaves no picture of its memory behind: keys and secrets are in it."""

from __future__ import annotations

import resource


def forbid_core_dumps() -> None:
    """For this process and those that it starts; none of them can allow them again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
