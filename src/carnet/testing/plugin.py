"""The pytest plugin: the assertions as fixtures, so that a test needs no import."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carnet.policy.decision import Decision
from carnet.testing import assertions


@pytest.fixture(scope="session")
def assert_allowed() -> Callable[..., Decision]:
    """`carnet.testing.assert_allowed`: the policies must allow the request."""
    return assertions.assert_allowed


@pytest.fixture(scope="session")
def assert_denied() -> Callable[..., Decision]:
    """`carnet.testing.assert_denied`: the policies must deny the request, `by` a layer if one is named."""
    return assertions.assert_denied
