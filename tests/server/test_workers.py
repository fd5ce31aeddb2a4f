"""Workers have time to start, and one that hangs is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from carnet.server.listening import workers
from carnet.server.listening.workers import STARTING_SECONDS, Worker, Workers
from tests.clients.running import free_port
from tests.waiting import PATIENCE_SECONDS, eventually

_KILLED = "was killed (SIGKILL, as by a system that is out of memory)"
SCRIPT = Path(__file__).parent / "slow_workers.py"


class Running(NamedTuple):
    """A server of two workers."""

    process: subprocess.Popen[str]
    port: int
    starts: Path
    up: Path

    def ask(self) -> int:
        """The process id of the worker that answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}", timeout=PATIENCE_SECONDS) as answer:
            return int(answer.read())

    def started(self) -> list[int]:
        """Which workers were ever started."""
        return _processes(self.starts)

    def serve(self) -> list[int]:
        """Which are known to serve."""
        return _processes(self.up)


@contextmanager
def running(tmp_path: Path, *, start_seconds: str, hung_after: float = PATIENCE_SECONDS) -> Iterator[Running]:
    """One in a session of its own, as on a terminal. A worker that a busy machine holds up is not taken for hung."""
    port, starts, up = free_port(), tmp_path / "starts", tmp_path / "up"
    command = [sys.executable, str(SCRIPT), str(port), start_seconds, str(starts), str(up), f"{hung_after:.0f}"]
    with subprocess.Popen(
        command, cwd=Path(__file__).parents[2], start_new_session=True, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Running(process, port, starts, up)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def serving(
    starts: Path, up: Path, *, start_seconds: float, hung_after: float = PATIENCE_SECONDS
) -> Iterator[Callable[[], int]]:
    """One that is ended in order; gives what asks it for the process id of a worker."""
    with running(starts.parent, start_seconds=str(start_seconds), hung_after=hung_after) as server:
        yield server.ask
        server.process.terminate()
        server.process.wait(PATIENCE_SECONDS)


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
        eventually(lambda: len(_processes(up)) == 2)
        assert sorted(_processes(up)) == sorted(_processes(starts)[:2]), "those that were begun first are up"
        assert ask() in _processes(starts)
    assert not any(map(_runs, _processes(starts)))


def test_a_worker_that_hangs_is_replaced(tmp_path: Path) -> None:
    starts, up = tmp_path / "starts", tmp_path / "up"
    with serving(starts, up, start_seconds=0, hung_after=2) as ask:
        eventually(lambda: len(_processes(up)) == 2)
        hung = ask()
        os.kill(hung, signal.SIGSTOP)
        eventually(lambda: len(_processes(starts)) > 2)
        eventually(lambda: not _runs(hung))
        eventually(lambda: len(_processes(up)) == 2 and hung not in _processes(up))
        assert ask() != hung


def test_sighup_replaces_one_worker_after_the_other(tmp_path: Path) -> None:
    with running(tmp_path, start_seconds="0") as server:
        eventually(lambda: len(server.serve()) == 2)
        before = server.serve()
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(server.serve()) == 2 and not set(before) & set(server.serve()))
        eventually(lambda: not any(map(_runs, before)))
        assert server.ask() in server.serve()
        assert len(server.started()) == 4


def test_a_server_that_replaces_its_workers_stops_when_it_is_asked_to(tmp_path: Path) -> None:
    """It does not wait for the one that is starting."""
    with running(tmp_path, start_seconds="0,600") as server:
        eventually(lambda: len(server.serve()) == 2)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(server.started()) >= 3)
        server.process.terminate()
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert not any(map(_runs, server.started()))


def test_a_worker_that_is_lost_while_others_are_replaced_is_replaced_too(tmp_path: Path) -> None:
    with running(tmp_path, start_seconds="0,told") as server:
        eventually(lambda: len(server.serve()) == 2)
        first, second = server.serve()
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(server.started()) >= 3)
        os.kill(second, signal.SIGKILL)
        eventually(lambda: len(server.started()) >= 4)
        assert first in server.serve(), "nothing waited for the one that is starting"
        (tmp_path / "go").touch()
        eventually(lambda: len(server.serve()) == 2 and not {first, second} & set(server.serve()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_starting_stops_without_a_traceback(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C reaches every process of a terminal, also those that still import."""
    with running(tmp_path, start_seconds="600") as server:
        eventually(lambda: len(server.started()) == 2)
        os.killpg(server.process.pid, number)
        _, told = server.process.communicate(timeout=PATIENCE_SECONDS)
        assert "Traceback" not in told
        assert server.process.returncode == 0
        assert not any(map(_runs, server.started()))


def test_a_worker_that_hangs_does_not_keep_a_server_that_is_asked_to_stop(tmp_path: Path) -> None:
    with running(tmp_path, start_seconds="0") as server:
        eventually(lambda: len(server.serve()) == 2)
        os.kill(server.serve()[0], signal.SIGSTOP)
        server.process.terminate()
        assert server.process.wait(PATIENCE_SECONDS) == 0
        assert not any(map(_runs, server.started()))


@pytest.mark.parametrize("start_seconds", ["0", "5"])
def test_workers_end_with_the_process_that_looks_after_them(tmp_path: Path, start_seconds: str) -> None:
    with running(tmp_path, start_seconds=start_seconds) as server:
        eventually(lambda: len(server.serve() if start_seconds == "0" else server.started()) == 2)
        server.process.kill()
        eventually(lambda: not any(map(_runs, server.started())))


def test_signals_that_ask_for_nothing_here_are_left_as_they_were() -> None:
    """uvicorn adds a worker for SIGTTIN, and takes one away for SIGTTOU."""
    others = [signal.SIGTTIN, signal.SIGTTOU, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH]
    taken = {number: signal.getsignal(number) for number in (*others, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        Workers(uvicorn.Config("nothing:here", workers=2), [])
        assert [signal.getsignal(number) for number in others] == [taken[number] for number in others]
        assert signal.getsignal(signal.SIGHUP) != taken[signal.SIGHUP]
    finally:
        for number, handler in taken.items():
            signal.signal(number, handler)


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
    assert f"worker 1 {_KILLED} and is replaced, in 1 seconds" in caplog.text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (None, "answers no more"),
        (-signal.SIGKILL, _KILLED),
        (-signal.SIGSEGV, "was ended by a signal (Segmentation fault)"),
        (1, "ended with code 1"),
    ],
)
def test_why_a_worker_is_replaced_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int | None, told: str
) -> None:
    server, _ = _made(monkeypatch)
    ended = [code, -signal.SIGKILL]  # it is killed in any case, which is not why it was lost
    monkeypatch.setattr(Worker, "exitcode", property(lambda _: ended.pop(0) if len(ended) > 1 else ended[0]))
    server.processes[0].process = _Dead()  # type: ignore[assignment]
    server.keep_subprocess_alive()
    assert f"worker 1 {told} and is replaced, in 0 seconds" in caplog.text


def _made(monkeypatch: pytest.MonkeyPatch) -> tuple[Workers, list[Worker]]:
    """A server whose workers are no processes, and those that it has started."""
    starts: list[Worker] = []

    def start(started: Worker) -> None:
        started.process = _Running()  # type: ignore[assignment]
        started.began = 0.0
        starts.append(started)

    for name, value in {"start": start, "kill": lambda _: None, "join": lambda _: None, "pid": 1}.items():
        monkeypatch.setattr(Worker, name, value)
    monkeypatch.setattr(Worker, "exitcode", -9)
    monkeypatch.setattr(Worker, "is_alive", lambda worker, _: worker.process.is_alive())
    server = Workers(uvicorn.Config("nothing:here", workers=2), [])
    _at(0, monkeypatch)
    server.init_processes()
    return server, starts


@pytest.mark.parametrize(("seconds", "at_once"), [(59, False), (60, True)])
def test_one_that_has_served_for_long_is_replaced_at_once_however_many_were_lost_before(
    monkeypatch: pytest.MonkeyPatch, seconds: float, *, at_once: bool
) -> None:
    server, starts = _made(monkeypatch)
    server.processes[0].losses = 5
    server.processes[0].process = _Dead()  # type: ignore[assignment]
    _at(seconds, monkeypatch)
    server.keep_subprocess_alive()
    assert (len(starts) == 3) is at_once
    assert server.processes[0].losses == (1 if at_once else 6)


def test_systemd_is_not_told_of_a_server_one_of_whose_places_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(workers, "tell", told.append)
    server, starts = _made(monkeypatch)
    one, other = server.processes
    one.up, one.losses, one.process = True, 1, _Dead()  # type: ignore[assignment]
    server.keep_subprocess_alive()
    other.up = True
    server.keep_subprocess_alive()
    assert told == [], "another takes that place in a second"
    _at(1, monkeypatch)
    server.keep_subprocess_alive()
    starts[-1].up = True
    server.keep_subprocess_alive()
    assert told == ["READY=1"]


def test_the_old_workers_go_on_if_a_new_one_does_not_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server, starts = _made(monkeypatch)
    before = list(server.processes)
    server.restart_all()
    server.keep_subprocess_alive()
    starts[-1].process = _Dead()  # type: ignore[assignment]
    for _ in range(3):
        server.keep_subprocess_alive()
    assert server.processes == before
    assert len(starts) == 3
    assert "a new worker did not start: the old ones go on" in caplog.text


def _succeed_to_the_end(server: Workers, starts: list[Worker]) -> None:
    while server._outgoing:
        server.keep_subprocess_alive()
        starts[-1].up = True


def test_one_that_was_starting_when_sighup_came_again_is_replaced_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have read a certificate, or settings, which have changed since."""
    server, starts = _made(monkeypatch)
    monkeypatch.setattr(Worker, "terminate", lambda _: None)
    server.restart_all()
    server.keep_subprocess_alive()
    before = list(starts)
    assert len(before) == 3
    server.restart_all()
    _succeed_to_the_end(server, starts)
    assert not set(server.processes) & set(before)
    assert len(server.processes) == 2
    assert len(starts) == 5, "none was started in vain"
    assert {worker for worker in starts if worker not in server.processes} == set(server._leaving)


def test_none_stays_beside_the_others_if_the_one_whose_place_it_was_to_take_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, starts = _made(monkeypatch)
    told_to_end: list[Worker] = []
    monkeypatch.setattr(Worker, "terminate", lambda worker: told_to_end.append(worker))
    server.restart_all()
    server.keep_subprocess_alive()
    starts[-1].up = True
    for _ in range(2):
        server.keep_subprocess_alive()
    (last,), successor = server._outgoing, starts[-1]
    last.process = _Dead()  # type: ignore[assignment]
    server.keep_subprocess_alive()
    assert not server._outgoing
    assert told_to_end[1:] == [successor], "the first was that whose place was taken"
    assert server._successor is None
    assert {*starts} == {*server.processes, *server._leaving, last}


def test_an_interrupt_that_comes_while_a_worker_is_started_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker must not hear it before it serves, and the server must."""
    come: list[int] = []
    held_back: list[bool] = []

    def start(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        held_back.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    monkeypatch.setattr(Process, "start", start)
    before = signal.signal(signal.SIGINT, lambda number, _: come.append(number))
    try:
        Worker.__new__(Worker).start()
        # A thread of the runner may be given it, and hear it when it gets its turn.
        assert eventually(lambda: come) == [signal.SIGINT]
        assert held_back == [True], "a process begins with what is held back"
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.signal(signal.SIGINT, before)


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
