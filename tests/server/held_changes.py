"""Changes that are made when a test says so, however long that takes on a busy machine."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from carnet.server import writer
from carnet.services.execution import Execution
from tests.waiting import PATIENCE_SECONDS


def hold_changes(monkeypatch: pytest.MonkeyPatch) -> Event:
    """No change is made before what is given is set."""
    going_on = Event()

    def wait() -> None:
        assert going_on.wait(PATIENCE_SECONDS)

    delay_changes(monkeypatch, wait)
    return going_on


def delay_changes(monkeypatch: pytest.MonkeyPatch, wait: Callable[[], None]) -> None:
    """Each group of changes is made after `wait`. That it waits for its turn meanwhile is no reason to refuse it."""
    write = Execution.write_together

    def late(*given: Any) -> object:
        wait()
        return write(*given)

    monkeypatch.setattr(writer, "TURN_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(writer, "ANSWER_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(Execution, "write_together", late)
