"""A node starts while its database is down: it decides by what it has kept, and follows when the database is back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.assembly.state import open_state
from carnet.assembly.worker import make_frontend
from carnet.base.faults import Unavailable
from carnet.cli import main
from carnet.directory.kept_snapshot import KeptSnapshot, sealed_parts
from carnet.keyring.master_key import load, load_or_create
from carnet.services.accounts import RootKey
from carnet.services.key_rotation import rewrap_data_keys
from tests.server.in_process import InProcessServer
from tests.server.listening import listening
from tests.services.world import TurnableClock
from tests.stores.postgresql import PostgresqlServer, running_server, soon_silent
from tests.waiting import eventually


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


class Node:
    """One that is started and stopped, with one root key throughout."""

    def __init__(self, data: Path, url: str) -> None:
        self.settings = Settings(data_dir=data, database_url=url, password_hash_kib=8)
        self.clock = TurnableClock()
        self.clock.follow_real_time()
        self._root: RootKey | None = None

    @contextmanager
    def running(self) -> Iterator[InProcessServer]:
        with ExitStack() as stack:
            installation = stack.enter_context(
                open_installation(self.settings, create=True, clock=self.clock, or_kept=True)
            )
            self._root = first_account(installation) or self._root
            assert self._root is not None
            application = make_frontend(installation, stack)
            with listening(application) as (port, running):
                server = InProcessServer(
                    port=port,
                    installation=installation,
                    root=self._root,
                    clock=self.clock,
                    frontend=application,
                    running=running,
                )
                try:
                    yield server
                finally:
                    server.close_clients()


@pytest.fixture
def node(tmp_path: Path, database: PostgresqlServer) -> Iterator[Node]:
    yield Node(tmp_path, soon_silent(database.new_database(patient=False)))
    database.stop()
    database.start()


def _health(server: InProcessServer) -> dict[str, Any]:
    answer = server.send(b"GET /_carnet/health HTTP/1.1\r\nHost: x\r\n\r\n")
    told: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return told


def _alice(server: InProcessServer) -> tuple[str, str]:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    allow = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": allow})
    iam.put_user_policy(UserName="alice", PolicyName="get", PolicyDocument=document)
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_a_node_starts_from_what_it_has_kept(node: Node, database: PostgresqlServer) -> None:
    with node.running() as server:
        alice = _alice(server)
        revision = _health(server)["revision"]
    database.stop()
    with node.running() as server:
        told = _health(server)
        assert (told["status"], told["store"], told["revision"]) == ("ok", "unreachable", revision)
        assert told["audit_log"] == "writable"
        known = told["as_of"]
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
        assert server.client("sts", *alice).get_session_token()["Credentials"]
        with pytest.raises(ClientError) as refused:
            server.client("iam", *alice).list_users()
        assert refused.value.response["Error"]["Code"] == "AccessDenied"
        with pytest.raises(ClientError) as refused:
            server.client("iam").create_user(UserName="bob")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert _health(server)["as_of"] == known
        database.start()
        eventually(lambda: _health(server)["store"] == "reachable")
        eventually(lambda: _health(server)["as_of"] > known)  # in whole seconds
        server.client("iam").create_user(UserName="bob")
        assert _health(server)["revision"] == revision + 1
        eventually(lambda: server.installation.store.nodes.live())  # it joins the others, too


def test_what_was_kept_too_long_ago_is_not_started_from(node: Node, database: PostgresqlServer) -> None:
    with node.running():
        pass
    database.stop()
    node.clock.advance(61 * 60)
    with pytest.raises(Unavailable, match="which is not of the last 1:00:00"), node.running():
        pass
    node.settings.snapshot_file.unlink()
    with pytest.raises(Unavailable, match=r"There is no .*directory\.snapshot"), node.running():
        pass


def test_a_node_starts_while_its_database_hangs(node: Node, database: PostgresqlServer) -> None:
    with node.running() as server:
        alice = _alice(server)
    database.hang()
    try:
        with node.running() as server:
            assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
    finally:
        database.go_on()


def test_a_node_started_so_follows_even_what_it_has_missed(node: Node, database: PostgresqlServer) -> None:
    with node.running() as server:
        alice = _alice(server)
    kept = node.settings.snapshot_file.read_bytes()
    with node.running() as server:
        server.client("iam").delete_access_key(UserName="alice", AccessKeyId=alice[0])
    node.settings.snapshot_file.write_bytes(kept)
    database.stop()
    with node.running() as server:
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
        database.start()
        eventually(lambda: _health(server)["store"] == "reachable")
        with pytest.raises(ClientError) as refused:
            server.client("iam", *alice).get_user(UserName="alice")
        assert refused.value.response["Error"]["Code"] == "InvalidClientTokenId"


def _rewrapped(node: Node) -> None:
    """The master key is another one, and nothing is left of the old one here."""
    with open_state(node.settings) as state:
        following = load_or_create(node.settings.next_master_key)
        rewrap_data_keys(state.store, state.masters, following, state.clock())
    node.settings.next_master_key.replace(node.settings.master_key)


def _rotated(node: Node) -> None:
    """Every data key is another one, and the old ones open nothing any more."""
    done = CliRunner().invoke(main, ["keys", "rotate"], env=_environment(node))
    assert done.exit_code == 0, done.output


def _environment(node: Node) -> dict[str, str]:
    return {"CARNET_DATA_DIR": str(node.settings.data_dir), "CARNET_DATABASE_URL": node.settings.store_url}


@pytest.mark.parametrize("change", [_rewrapped, _rotated])
def test_a_snapshot_of_before_the_keys_were_replaced_is_no_hindrance(
    node: Node, change: Callable[[Node], None]
) -> None:
    with node.running() as server:
        alice = _alice(server)
    change(node)
    with node.running() as server:
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"


def test_a_snapshot_under_a_master_key_that_is_gone_is_not_started_from(node: Node, database: PostgresqlServer) -> None:
    with node.running():
        pass
    _rewrapped(node)
    database.stop()
    with pytest.raises(Unavailable, match=r"directory\.snapshot was altered, or is of another"), node.running():
        pass


def test_a_snapshot_whose_data_keys_are_under_a_master_key_that_is_gone_is_not_started_from(
    node: Node, database: PostgresqlServer
) -> None:
    """It was written in the moment in which the master key was replaced."""
    with node.running() as server:
        kept = KeptSnapshot(
            installation=server.installation.directory.installation,
            snapshot=server.installation.directory.snapshot,
            as_of=node.clock(),
        )
    _rewrapped(node)
    node.settings.snapshot_file.write_bytes(b"".join(sealed_parts(kept, load(node.settings.master_key))))
    database.stop()
    with pytest.raises(Unavailable, match="The master key does not open data key"), node.running():
        pass


def test_a_node_that_starts_from_before_a_rotation_goes_on_with_the_keys_of_now(
    node: Node, database: PostgresqlServer
) -> None:
    with node.running() as server:
        alice = _alice(server)
    _rotated(node)
    database.stop()
    with node.running() as server:
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
        database.start()
        eventually(lambda: _health(server)["store"] == "reachable")
        assert server.client("iam", *alice).get_user(UserName="alice")["User"]["UserName"] == "alice"
        assert server.client("iam").create_user(UserName="bob")
