"""Fixtures of the tests with real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.running import RunningServer, running_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of the test's own, just installed."""
    with running_server(tmp_path / "data", from_nothing=True) as running:
        yield running
