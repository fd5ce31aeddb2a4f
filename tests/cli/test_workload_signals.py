"""`carnet credentials serve` ends in order, at whatever moment it is told to."""

from __future__ import annotations

import signal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from carnet.cli import workload_serving
from carnet.cli.own_api import OwnApi
from carnet.cli.workload_serving import Workload, serve_workload
from carnet.cli.workload_session import WorkloadSession

WORKLOAD = Workload(
    role="app",
    instance_profile=None,
    service=None,
    source_arn=None,
    session_name=None,
    duration_seconds=900,
    host="127.0.0.1",
    port=0,
    region="us-east-1",
)


class _Garbage:
    def __init__(self, number: signal.Signals) -> None:
        self._number = number

    def __del__(self) -> None:
        signal.raise_signal(self._number)


class _Signalled(ThreadingHTTPServer):
    """A signal comes while it collects garbage between two requests, where Python drops what a handler raises."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(("127.0.0.1", 0), BaseHTTPRequestHandler)
        self._number = number
        self._looks = 0

    def service_actions(self) -> None:
        self.handle_timeout()

    def handle_timeout(self) -> None:
        self._looks += 1
        assert self._looks < 3, "it goes on"
        _Garbage(self._number)


def _session() -> WorkloadSession:
    given = ("role", "roleArn", "accessKeyId", "secretAccessKey", "sessionToken")
    return WorkloadSession(lambda: {**dict.fromkeys(given, "x"), "expiration": "2999-01-01T00:00:00Z"})


def _serve(monkeypatch: pytest.MonkeyPatch, listening: Any) -> None:
    monkeypatch.setattr(workload_serving, "_listen", listening)
    monkeypatch.setattr(workload_serving, "_LOOK_SECONDS", 0.01)
    serve_workload(OwnApi.__new__(OwnApi), WORKLOAD)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_not_lost_while_garbage_is_collected(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    server = _Signalled(number)
    _serve(monkeypatch, lambda *_: (server, {"A": "1"}, _session()))
    assert server.fileno() == -1, "it listens no more"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_that_comes_before_it_listens_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    before = signal.signal(number, partial(_unexpected, number))
    try:
        _serve(monkeypatch, lambda *_: signal.raise_signal(number))
    finally:
        signal.signal(number, before)
    assert capsys.readouterr().out == ""


def _unexpected(number: signal.Signals, *_: object) -> None:
    raise AssertionError(f"nobody took {number.name}")
