"""What happens between what a call prepares and its turn to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.services.world import World


def happens_meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, when the next call has prepared what it needs."""
    prepared = World._prepared

    def then(world: World, *given: Any) -> Any:
        found = prepared(world, *given)
        monkeypatch.setattr(World, "_prepared", prepared)
        happens()
        return found

    monkeypatch.setattr(World, "_prepared", then)
