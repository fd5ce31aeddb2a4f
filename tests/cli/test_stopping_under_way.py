"""A server that is asked to stop, twice or while it replaces its workers, answers what has begun to arrive."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.starting.forked import Carnet

BODY = b"Action=ListUsers&Version=2010-05-08"
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@contextmanager
def _serving(tmp_path: Path, workers: str) -> Iterator[tuple[Carnet, int]]:
    """One in a session of its own, as on a terminal, and its port."""
    words = ("serve", "--port", "0", "--workers", workers, "--data-dir", str(tmp_path / "data"))
    with Carnet(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            found = next(filter(None, (re.search(r"http://127\.0\.0\.1:(\d+)", line) for line in process.stdout)))
            yield process, int(found[1])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=120)


@pytest.mark.parametrize(
    ("workers", "signals"), [("1", (TERM, TERM)), ("1", (INT,)), ("2", (TERM, TERM)), ("2", (INT,)), ("2", (HUP, TERM))]
)
def test_a_request_that_has_begun_is_answered(
    tmp_path: Path, workers: str, signals: tuple[signal.Signals, ...]
) -> None:
    with _serving(tmp_path, workers) as (process, port), _connected(port) as client:
        with _connected(port) as first:  # answered when a worker serves, which is later than the greeting
            first.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert first.recv(65536).startswith(b"HTTP/1.1 200 ")
        client.sendall(HEAD % len(BODY) + BODY[:9])
        time.sleep(2)  # it arrives
        for number in signals:
            # A terminal's Ctrl-C reaches every process of its group.
            (os.killpg if number is INT else os.kill)(process.pid, number)
            time.sleep(0.5)
        client.sendall(BODY[9:])
        answer = client.recv(65536)
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert b"MissingAuthenticationToken" in answer
        told, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert "Traceback" not in told
