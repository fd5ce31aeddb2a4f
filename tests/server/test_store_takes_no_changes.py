"""The database of a server can be read, and takes no changes: health says so for as long as it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import make_url

from tests.server.test_start_without_store import Node, _alice, _health
from tests.stores.postgresql import PostgresqlServer, running_server, soon_silent
from tests.waiting import eventually


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


class Switched:
    """A database that its operator makes read-only, and lets be written again."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server
        self.url = soon_silent(server.new_database(patient=False))
        self._name = make_url(self.url).database

    def refuse_changes(self) -> None:
        self._alter("SET default_transaction_read_only = on")

    def take_changes(self) -> None:
        self._alter("RESET default_transaction_read_only")

    def _alter(self, what: str) -> None:
        self._server.execute(f"ALTER DATABASE {self._name} {what}")
        self._server.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'")


@pytest.fixture
def switched(database: PostgresqlServer) -> Switched:
    return Switched(database)


def test_health_tells_of_it_and_of_its_end_though_nobody_changes_anything(switched: Switched, tmp_path: Path) -> None:
    with Node(tmp_path, switched.url).running() as server:
        alice = _alice(server)
        switched.refuse_changes()
        eventually(lambda: _health(server)["store"] == "takes no changes")
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
        with pytest.raises(ClientError, match="ServiceUnavailable") as refused:
            server.client("iam").create_user(UserName="bob")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert server.send(b"GET /_carnet/ready HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200")
        switched.take_changes()
        eventually(lambda: _health(server)["store"] == "reachable")
        server.client("iam").create_user(UserName="bob")


def test_a_node_starts_on_it(switched: Switched, tmp_path: Path) -> None:
    """As on a store that is down: it decides, and reports itself as soon as that can be stored."""
    node = Node(tmp_path, switched.url)
    with node.running() as server:
        alice = _alice(server)
    switched.refuse_changes()
    with node.running() as server:
        assert _health(server)["store"] == "takes no changes"
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
        assert not server.installation.store.nodes.live()
        switched.take_changes()
        eventually(lambda: _health(server)["store"] == "reachable")
        eventually(lambda: server.installation.store.nodes.live())
        server.client("iam").create_user(UserName="bob")


def test_an_outage_leaves_nothing_behind(switched: Switched, database: PostgresqlServer, tmp_path: Path) -> None:
    """A change that was refused because the store could not be reached says nothing of the store that is back."""
    with Node(tmp_path, switched.url).running() as server:
        database.stop()
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            server.client("iam").create_user(UserName="bob")
        eventually(lambda: _health(server)["store"] == "unreachable")
        database.start()
        eventually(lambda: _health(server)["store"] != "unreachable")
        assert _health(server)["store"] == "reachable"
