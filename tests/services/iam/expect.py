"""Expecting a call to be refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.world import Caller, ServiceError, World


def refused(world: World, caller: Caller, operation: str, *, service: str = "iam", **given: Any) -> tuple[str, str]:
    """The code and message that a call is refused with. It must be refused, and change nothing."""
    before = world.snapshot.revision
    with pytest.raises(ServiceError) as caught:
        world.call(caller, operation, service=service, **given)
    assert world.snapshot.revision == before
    return caught.value.code, caught.value.message


def changes_nothing(world: World, caller: Caller, operation: str, **given: Any) -> None:
    """The call succeeds and writes nothing."""
    before = world.snapshot.revision
    world.call(caller, operation, **given)
    assert world.snapshot.revision == before
