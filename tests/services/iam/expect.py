"""Expecting a call to be refused, also by smaller quotas than AWS's."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from carnet.services.iam.service import iam
from carnet.services.service import Service
from tests.services.world import Caller, ServiceError, World


def refused(
    world: World, caller: Caller | None, operation: str, *, service: str = "iam", **given: Any
) -> tuple[str, str]:
    """The code and message that a call is refused with. It must be refused, and change nothing.

    None calls an operation that takes no signature.
    """
    before = world.snapshot.revision
    call = partial(world.call, caller) if caller is not None else world.unsigned
    with pytest.raises(ServiceError) as caught:
        call(operation, service=service, **given)
    assert world.snapshot.revision == before
    return caught.value.code, caught.value.message


def changes_nothing(world: World, caller: Caller, operation: str, **given: Any) -> None:
    """The call succeeds and writes nothing."""
    before = world.snapshot.revision
    world.call(caller, operation, **given)
    assert world.snapshot.revision == before


def set_quotas(monkeypatch: pytest.MonkeyPatch, operation: str, /, service: Service = iam, **quotas: int) -> None:
    """Give one operation other quotas."""
    asked = service.operations[operation]
    monkeypatch.setitem(service.operations, operation, replace(asked, quotas=replace(asked.quotas, **quotas)))
