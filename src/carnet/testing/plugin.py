"""The pytest plugin: the assertions as fixtures, so that a test needs no import.

INVARIANT: nothing of the engine is imported before a test asks for a fixture. Every pytest imports this module if
Carnet is installed, and what is imported before a measurement of coverage begins would count as not run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from carnet.policy.decision import Decision


@pytest.fixture(scope="session")
def assert_allowed() -> Callable[..., Decision]:
    """`carnet.testing.assert_allowed`: the policies must allow the request."""
    from carnet.testing import assertions

    return assertions.assert_allowed


@pytest.fixture(scope="session")
def assert_denied() -> Callable[..., Decision]:
    """`carnet.testing.assert_denied`: the policies must deny the request, `by` a layer if one is named."""
    from carnet.testing import assertions

    return assertions.assert_denied
