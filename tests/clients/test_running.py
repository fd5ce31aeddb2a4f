"""What the tests of clients start servers with."""

from __future__ import annotations

import socket
from itertools import count

import pytest

from tests.clients import running
from tests.clients.running import free_port

SYSTEMS_OWN = 32_768
"""The first port that Linux gives to whoever asks for any; other systems begin higher."""


def test_a_free_port_is_none_that_a_system_gives_to_somebody_else() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert all(1024 < port < SYSTEMS_OWN for port in ports)


def test_a_port_that_somebody_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = free_port()
    begin = running._PORTS.index(taken)
    monkeypatch.setattr(running, "_NUMBERS", count(begin))
    with socket.create_server(("127.0.0.1", taken)):
        assert free_port() != taken
