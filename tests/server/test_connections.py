"""How many connections there may be, and whose end when there are too many."""

from __future__ import annotations

import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from carnet.server.listening import accepting
from carnet.server.listening.connections import Connections, Place, most_connections
from tests.server.certificates import self_signed
from tests.server.in_process import InProcessServer, in_process_server
from tests.waiting import eventually


class Ended(list[str]):
    """Whose connections ended."""

    def enter(self, connections: Connections, network: str, name: str) -> Place | None:
        return connections.enter(network, lambda: self.append(name))


def test_strangers_of_one_network_have_so_many_and_the_oldest_end() -> None:
    connections, ended = Connections(100, of_network=3), Ended()
    for number in range(5):
        assert ended.enter(connections, "a", f"a{number}")
    assert ended == ["a0", "a1"]
    assert len(connections) == 3
    assert ended.enter(connections, "b", "b0")
    assert ended == ["a0", "a1"]


def test_a_connection_with_a_proven_caller_is_none_of_a_strangers() -> None:
    connections, ended = Connections(100, of_network=2), Ended()
    proven = ended.enter(connections, "a", "proven")
    assert proven is not None
    proven.prove("account")
    for number in range(4):
        ended.enter(connections, "a", f"a{number}")
    assert ended == ["a0", "a1"]
    proven.leave()
    proven.leave()
    assert len(connections) == 2


def test_beyond_the_most_the_network_with_the_most_strangers_gives_way() -> None:
    connections, ended = Connections(10), Ended()
    for name in ("one", "two"):
        ended.enter(connections, name, name)
    for number in range(8):
        ended.enter(connections, "flood", f"flood{number}")
    assert ended == []
    assert ended.enter(connections, "new", "new")
    assert ended == [f"flood{number}" for number in range(5)]
    assert len(connections) == 6


def test_if_all_have_a_proven_caller_there_is_no_room() -> None:
    connections, ended = Connections(4), Ended()
    places = [ended.enter(connections, name, name) for name in ("a", "a", "b", "b")]
    for place, account in zip(places, ("a", "a", "b", "b"), strict=True):
        assert place is not None
        place.prove(account)
    assert ended.enter(connections, "new", "new") is None
    assert ended == []
    assert places[0] is not None
    places[0].leave()
    assert ended.enter(connections, "new", "new")


def test_one_account_has_no_more_than_half() -> None:
    connections, ended = Connections(10), Ended()
    for number in range(7):
        place = ended.enter(connections, f"network{number}", f"a{number}")
        assert place is not None
        place.prove("a")
        place.prove("a")
    assert ended == ["a0", "a1"]
    assert len(connections) == 5


def test_descriptors_are_left_for_everything_else() -> None:
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for soft, most in ((1024, 768), (limit[0], min(10_000, limit[0] - 256)), (260, 16)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, limit[1]))
            assert most_connections() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_the_limit_of_descriptors_is_raised() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (100, 400))\n"
        "from carnet.server.listening.connections import raise_descriptor_limit\n"
        "assert raise_descriptor_limit() == 400\n"
        "assert resource.getrlimit(resource.RLIMIT_NOFILE) == (400, 400)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def connect(server: InProcessServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def has_ended(connection: socket.socket) -> bool:
    connection.settimeout(60)
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def test_a_flood_of_silent_connections_keeps_no_signed_caller_out(tmp_path: Path) -> None:
    with in_process_server(tmp_path, limits="connections=5") as server, ExitStack() as stack:
        iam = server.client("iam")
        iam.list_users()
        silent = [stack.enter_context(connect(server)) for _ in range(20)]
        eventually(lambda: len(server.frontend.connections) == 6)
        assert all(has_ended(one) for one in silent[:15])
        assert iam.list_users()["Users"] == []
        assert server.client("sts").get_caller_identity()["Account"]


def test_a_connection_beyond_all_is_told_so(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.list_users()
    server.frontend.connections.most = 1
    with connect(server) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert iam.list_users()["Users"] == []


def test_a_client_that_does_not_agree_on_tls_ends_and_counts_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert accepting.HANDSHAKE_SECONDS == 20
    with in_process_server(tmp_path, tls=self_signed(tmp_path)) as server:
        monkeypatch.setattr(accepting, "HANDSHAKE_SECONDS", 600)
        with connect(server):
            eventually(lambda: len(server.frontend.connections) == 1)
        eventually(lambda: len(server.frontend.connections) == 0)
        monkeypatch.setattr(accepting, "HANDSHAKE_SECONDS", 2)
        with connect(server) as silent:
            began = time.monotonic()
            assert has_ended(silent)
            assert time.monotonic() - began < 40, "less than the minute of asyncio"
        eventually(lambda: len(server.frontend.connections) == 0)
        with connect(server) as talking:
            talking.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            talking.settimeout(60)
            while not has_ended(talking):
                pass
        eventually(lambda: len(server.frontend.connections) == 0)


def test_clients_that_go_away_leave_their_places(server: InProcessServer) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect(server))
        eventually(lambda: len(server.frontend.connections) == 10)
    eventually(lambda: len(server.frontend.connections) == 0)
