"""The pytest plugin: assertions about policies, and a server with accounts to test against.

INVARIANT: nothing of the engine, and no boto3, is imported before a test asks for a fixture that needs it. Every pytest
imports this module if Carnet is installed, and what is imported before a measurement of coverage begins would count as
not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from carnet.testing.live.account import CarnetAccount
    from carnet.testing.live.server import CarnetServer
    from carnet.testing.live.session import CarnetSession


@pytest.fixture(scope="session")
def assert_allowed() -> Callable[..., Any]:
    """`with assert_allowed():` no call in the block may be denied.

    With a question, it is `carnet.testing.assert_allowed`: the policies must allow the request.
    """

    def asserted(**question: Any) -> Any:
        __tracebackhide__ = True
        if question:
            from carnet.testing import assertions

            return assertions.assert_allowed(**question)
        from carnet.testing.live.assertions import Allowed

        return Allowed()

    return asserted


@pytest.fixture(scope="session")
def assert_denied() -> Callable[..., Any]:
    """`with assert_denied():` a call in the block must be denied, `by` a layer if one is named.

    With a question, it is `carnet.testing.assert_denied`: the policies must deny the request.
    """

    def asserted(*, by: str | None = None, explicit: bool | None = None, **question: Any) -> Any:
        __tracebackhide__ = True
        if question:
            from carnet.testing import assertions

            return assertions.assert_denied(by=by, explicit=explicit, **question)
        from carnet.testing.live.assertions import Denied

        return Denied(by, explicit)

    return asserted


@pytest.fixture(scope="session")
def carnet_server() -> Iterator[CarnetServer]:
    """A server for all tests of the session, in memory. PYTEST_CARNET_ENDPOINT and PYTEST_CARNET_OPERATOR_TOKEN name
    one that runs already."""
    from carnet.testing.live.server import server

    with server() as running:
        yield running


@pytest.fixture
def carnet_account(carnet_server: CarnetServer) -> Iterator[CarnetAccount]:
    """A fresh account for one test, with nothing in it but its root user; deleted at the end. Needs boto3."""
    from carnet.testing.live.account import CarnetAccount

    account = CarnetAccount(carnet_server)
    yield account
    account.delete()


@pytest.fixture
def carnet_as(carnet_account: CarnetAccount) -> Callable[..., CarnetSession]:
    """`carnet_as("role")`, `carnet_as(user="alice")`, `carnet_as(policies=[...])`: a boto3 session that is exactly that
    principal of `carnet_account`."""
    return carnet_account.act_as
