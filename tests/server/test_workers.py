"""Workers have time to start, and one that hangs is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from carnet.server.listening import workers
from carnet.server.listening.workers import STARTING_SECONDS, Worker, Workers
from tests.clients.running import free_port

SCRIPT = Path(__file__).parent / "slow_workers.py"


@contextmanager
def serving(starts: Path, up: Path, *, start_seconds: float) -> Iterator[Callable[[], int]]:
    """A server of two workers; gives what asks it for the process id of a worker."""
    port = free_port()
    command = [sys.executable, str(SCRIPT), str(port), str(start_seconds), str(starts), str(up)]
    server = subprocess.Popen(command, cwd=Path(__file__).parents[2])

    def ask() -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}", timeout=30) as answer:
            return int(answer.read())

    try:
        yield ask
    finally:
        server.terminate()
        server.wait(60)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _processes(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_needs_long_to_start_is_waited_for(tmp_path: Path) -> None:
    starts, up = tmp_path / "starts", tmp_path / "up"
    with serving(starts, up, start_seconds=5) as ask:
        _wait_for(lambda: len(_processes(up)) == 2)
        assert sorted(_processes(up)) == sorted(_processes(starts)[:2]), "those that were begun first are up"
        assert ask() in _processes(starts)
    assert not any(map(_runs, _processes(starts)))


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    starts, up = tmp_path / "starts", tmp_path / "up"
    with serving(starts, up, start_seconds=0) as ask:
        _wait_for(lambda: len(_processes(up)) == 2)
        hung = ask()
        os.kill(hung, signal.SIGSTOP)
        _wait_for(lambda: len(_processes(starts)) > 2)
        assert not _runs(hung)
        _wait_for(lambda: len(_processes(up)) == 2 and hung not in _processes(up))
        assert ask() != hung


class _Dead:
    """A worker process that ends whenever it is started."""

    pid, exitcode = 1, -9

    def is_alive(self) -> bool:
        return False

    def kill(self) -> None: ...

    def join(self) -> None: ...


def test_workers_that_die_one_after_the_other_are_replaced_more_and_more_slowly(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = uvicorn.Config("nothing:here", workers=1)
    server = Workers(config, [])
    starts: list[float] = []
    now = 0.0

    def start(started: Worker) -> None:
        started.process = _Dead()  # type: ignore[assignment]
        started.began = now
        starts.append(now)

    monkeypatch.setattr(Worker, "start", start)
    monkeypatch.setattr(Worker, "kill", lambda _: None)
    monkeypatch.setattr(Worker, "join", lambda _: None)
    monkeypatch.setattr(Worker, "pid", 1)
    monkeypatch.setattr(Worker, "exitcode", -9)
    monkeypatch.setattr(workers, "monotonic", lambda: now)
    server.init_processes()
    for _ in range(1000):
        now += 0.125
        server.keep_subprocess_alive()
    gaps = [after - before for before, after in pairwise(starts)]
    assert gaps[:6] == pytest.approx([0.125, 1.125, 2.125, 4.125, 8.125, 16.125])
    assert gaps[6:] == pytest.approx([30.125] * len(gaps[6:]))
    assert "worker 1 was lost and is replaced, in 1 seconds" in caplog.text


def test_one_that_cannot_start_ends_the_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It would be started again and again, with the same error each time."""
    starts: list[Worker] = []

    def start(started: Worker) -> None:
        started.process = _Dead()  # type: ignore[assignment]
        starts.append(started)

    def run(server: Workers) -> None:
        server.init_processes()
        server.keep_subprocess_alive()

    monkeypatch.setattr(Worker, "start", start)
    monkeypatch.setattr(Worker, "kill", lambda _: None)
    monkeypatch.setattr(Worker, "join", lambda _: None)
    monkeypatch.setattr(Worker, "exitcode", STARTUP_FAILURE)
    monkeypatch.setattr(Multiprocess, "run", run)
    server = Workers(uvicorn.Config("nothing:here", workers=2), [])
    with pytest.raises(SystemExit) as ended:
        server.run()
    assert ended.value.code == STARTUP_FAILURE
    assert server.should_exit.is_set()
    assert len(starts) == 2, "none was started again"
    assert "a worker cannot start: the server ends" in caplog.text


class _Running:
    def is_alive(self) -> bool:
        return True


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Worker, Connection]]:
    """A worker without a process, begun at second 0, and the end of the pipe at which it would be."""
    worker = Worker.__new__(Worker)
    worker.parent_conn, theirs = Pipe()
    monkeypatch.setattr(worker, "process", _Running(), raising=False)
    worker.began = 0.0
    with worker.parent_conn, theirs:
        yield worker, theirs


def _at(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "monotonic", lambda: seconds)


def test_a_start_has_a_bound(worker: tuple[Worker, Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    asked, theirs = worker
    _at(STARTING_SECONDS - 1, monkeypatch)
    assert asked.is_alive(5)
    theirs.send(False)  # it answers, and does not serve yet
    assert asked.is_alive(5)
    _at(STARTING_SECONDS, monkeypatch)
    assert not asked.is_alive(5)


def test_one_that_is_up_must_answer_in_time(worker: tuple[Worker, Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    asked, theirs = worker
    _at(1, monkeypatch)
    assert asked.is_alive(5)
    theirs.send(True)
    assert asked.is_alive(5)
    assert asked.up
    _at(2, monkeypatch)
    assert asked.is_alive(5), "a second question was sent"
    _at(6.9, monkeypatch)
    assert asked.is_alive(5)
    _at(7, monkeypatch)
    assert not asked.is_alive(5)
    theirs.send(True)
    assert asked.is_alive(5), "an answer that is there counts, however late it is heard"


def test_one_whose_pipe_is_broken_is_lost(worker: tuple[Worker, Connection]) -> None:
    asked, theirs = worker
    theirs.close()
    assert not asked.is_alive(5)
