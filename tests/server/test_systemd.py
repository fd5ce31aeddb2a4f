"""systemd hears when the server may be sent requests, that it lives, and that it stops; from its main process only."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from carnet.server.listening import systemd
from tests.clients.running import free_port
from tests.starting.forked import Carnet

_CREDENTIALS = struct.Struct("3i")


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The socket at which systemd would hear, as NOTIFY_SOCKET names it."""
    address = f"{tmp_path}/notify" if request.param == "path" else f"@carnet-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as hearing:
        hearing.bind(address.replace("@", "\0", 1))
        hearing.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        hearing.settimeout(120)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield hearing


def heard(hearing: socket.socket) -> tuple[str, int]:
    """The next state, and the id of the process that tells it."""
    data, ancillary, _, _ = hearing.recvmsg(100, socket.CMSG_SPACE(_CREDENTIALS.size))
    return data.decode(), _CREDENTIALS.unpack(ancillary[0][2])[0]


def hear_until(state: str, hearing: socket.socket, told: list[tuple[str, int]]) -> None:
    """Hear what is told up to that state, which comes before a thousand watchdogs have."""
    while not told or told[-1][0] != state:
        assert len(told) < 1_000, f"{state} was not told, but {told[-1]}"
        told.append(heard(hearing))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_tells_systemd_of_its_life(manager: socket.socket, tmp_path: Path, workers: str) -> None:
    port = free_port()
    words = ("serve", "--port", str(port), "--data-dir", str(tmp_path / "data"), "--workers", workers)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = Carnet(*words, env=os.environ | {"WATCHDOG_USEC": "1000000"}, **quiet)
    told: list[tuple[str, int]] = []
    try:
        hear_until("READY=1", manager, told)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_carnet/ready", timeout=60) as answer:
            assert answer.status == 200, "it may be sent requests from when it has said so"
        hear_until("WATCHDOG=1", manager, told)
        process.send_signal(signal.SIGTERM)
        hear_until("STOPPING=1", manager, told)
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert {pid for _, pid in told} == {process.pid}, "systemd hears nobody else"
    assert [state for state, _ in told if state != "WATCHDOG=1"] == ["READY=1", "STOPPING=1"]


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setattr("socket.socket", None)
    systemd.tell("READY=1")


def test_a_server_goes_on_if_systemd_cannot_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/nobody")
    systemd.tell("READY=1")
    assert "systemd was not told READY=1: " in caplog.text


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_hears_twice_in_its_time(
    environment: dict[str, str], seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert systemd.watchdog_seconds() == seconds
