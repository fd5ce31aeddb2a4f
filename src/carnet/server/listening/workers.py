"""Several worker processes on one socket: each has time to start, and one that answers no more is replaced."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing import parent_process
from multiprocessing.connection import wait
from multiprocessing.resource_tracker import ensure_running
from threading import Thread
from time import monotonic

from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.server import Server
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import SIGNALS, Process

from carnet.server.listening.serving import Serving
from carnet.server.listening.systemd import tell, watchdog_seconds

_LOG = logging.getLogger(__name__)
STARTING_SECONDS = 120.0
"""How long a worker may take to start: it imports Carnet and reads the whole store, perhaps on half a core."""
_LOOK_SECONDS = 0.1
_LONGEST_PAUSE = 30.0
"""How long a place is left empty at the most after workers that were lost there one after the other."""
_SETTLED_SECONDS = 60.0
"""A worker that has served for so long was lost for another reason than the one before it."""
_CLOSING_SECONDS = 10.0
"""What a worker that was told to end may take beyond what its callers may."""
_INTERRUPT = frozenset((signal.SIGINT,))
_OBEYED = frozenset((signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
"""Any other signal does here what it does to a server of one process. uvicorn's would add workers for one (SIGTTIN) and
take one away for another, which a terminal sends to whatever runs in its background."""


class Worker(Process):
    """A worker process. It is asked one question at a time, and nobody waits for its answer."""

    began = float("-inf")
    """When it was started; like `asked`, on the monotonic clock."""
    asked: float | None = None
    """When the question was sent that it has not answered yet."""
    up = False
    """Whether it has said that it serves."""
    losses = 0
    """How many were lost in its place before it, none of which had served for long."""
    removed = False
    """Whether it was found to be lost, and is gone."""
    due = float("-inf")
    """When another takes its place, once it is removed; or when it is killed, once it was told to end."""

    @property
    def server(self) -> Server:
        if self._server is None:
            self._server = Serving(self.config)
        return self._server

    def start(self) -> None:
        self.began = monotonic()
        # A terminal's Ctrl-C reaches every process; while a worker still imports, it would show a traceback for it.
        # INVARIANT: held back here, not ignored, for one that comes meanwhile asks this process to stop.
        ensure_running()  # which would let it through again
        signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # until uvicorn takes it
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)
        Thread(target=_end_with_parent, daemon=True).start()
        super().target(sockets)

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether it runs and answers within `timeout` seconds; within STARTING_SECONDS if it is not up yet."""
        if not self.process.is_alive():
            return False
        try:
            self._converse()
        except (OSError, EOFError, pickle.UnpicklingError):
            return False
        now = monotonic()
        if not self.up:
            return now - self.began < STARTING_SECONDS
        return self.asked is None or now - self.asked < timeout

    def _converse(self) -> None:
        """Hear the answer if there is one; else ask, unless a question is open."""
        if self.asked is not None and self.parent_conn.poll(0):
            self.up = bool(self.parent_conn.recv()) or self.up
            self.asked = None
        elif self.asked is None:
            self.parent_conn.send(b"ping")
            self.asked = monotonic()


def _loss_of(worker: Worker) -> str:
    """What the log tells of a worker that is lost, before it is killed."""
    match worker.exitcode:
        case None:
            return "answers no more"
        case code if code == -signal.SIGKILL:
            return "was killed (SIGKILL, as by a system that is out of memory)"
        case code if code < 0:
            return f"was ended by a signal ({signal.strsignal(-code)})"
        case code:
            return f"ended with code {code}"


def _end_with_parent() -> None:
    """Workers that nobody looks after any more would keep the port, and serve what an operator believes has ended."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


class Workers(Multiprocess):
    """uvicorn's supervisor, which gave a worker 5 seconds to start and waited for each answer in turn.

    On half a core, four workers came up after 107 seconds that way, and after 22 processes.
    """

    processes: list[Worker]  # type: ignore[assignment]  # uvicorn has its own Process there
    _ready = False
    """Whether every worker has served at one time."""
    _cannot_start = False
    _successor: Worker | None = None
    """The one that is starting in order to take the place of the first of `_outgoing`."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        before = {number: signal.getsignal(number) for number in SIGNALS}
        super().__init__(config, sockets)
        for number in SIGNALS.keys() - _OBEYED:
            signal.signal(number, before[number])
        self._outgoing: list[Worker] = []
        """Those that are to be replaced since SIGHUP came."""
        self._leaving: list[Worker] = []
        """Those that were told to end; each may take until its `due`."""

    def run(self, asked_to_stop: Callable[[], bool] = lambda: False) -> None:
        """Serve until SIGINT or SIGTERM, not at all if one has come before.

        Raises SystemExit if a worker cannot start, as one process does by itself.
        """
        if asked_to_stop():
            return
        super().run()
        if self._cannot_start:
            sys.exit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        self.processes.extend(self._start_worker() for _ in range(self.processes_num))

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that have ended or hang. One that cannot start at all ends the server."""
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set() or worker.is_alive(self.config.timeout_worker_healthcheck):
                continue
            if not worker.removed and not self._remove(worker):
                return
            if monotonic() >= worker.due:
                self.processes[place] = self._start_worker(losses=worker.losses)
        if not self.should_exit.is_set():
            self._replace_next()
        self._kill_overdue()
        self._tell_systemd()

    def _remove(self, worker: Worker) -> bool:
        """End one that is lost, since it has ended or hangs; whether another can take its place.

        The first is replaced at once; of several that are lost one after the other, each pause is twice the one before.
        """
        why = _loss_of(worker)
        worker.kill()
        worker.join()
        if worker.exitcode == STARTUP_FAILURE:
            _LOG.error("a worker cannot start: the server ends")
            self._cannot_start = True
            self.should_exit.set()
            return False
        now = monotonic()
        worker.removed, worker.up = True, False
        worker.losses = 1 if now - worker.began >= _SETTLED_SECONDS else worker.losses + 1
        pause = 0.0 if worker.losses == 1 else min(_LONGEST_PAUSE, 2.0 ** (worker.losses - 2))
        worker.due = now + pause
        _LOG.warning("worker %s %s and is replaced, in %g seconds", worker.pid, why, pause)
        return True

    def restart_all(self) -> None:
        """Replace one worker after the other, each when the new one serves (SIGHUP).

        INVARIANT: nothing is waited for here: a server that is asked to stop meanwhile stops, and a worker that is
        lost meanwhile is replaced. Nor does one that is starting stay, if SIGHUP comes again: it may have read what
        has changed since.
        """
        self._outgoing = [*self.processes, *filter(None, [self._successor])]

    def _replace_next(self) -> None:
        """Go on with what SIGHUP has begun."""
        if not self._outgoing:
            return
        old, new = self._outgoing[0], self._successor
        if old not in self.processes:  # it was lost meanwhile, and another has its place
            self._outgoing = self._outgoing[1:]
            if new is not None and not self._outgoing:
                self._successor = None
                self._dismiss(new)
        elif new is None:
            self._successor = self._start_worker()
        elif not new.is_alive(self.config.timeout_worker_healthcheck):
            new.kill()
            new.join()
            self._successor, self._outgoing = None, []
            _LOG.error("a new worker did not start: the old ones go on")
        elif new.up:
            self.processes[self.processes.index(old)] = new
            self._successor, self._outgoing = None, self._outgoing[1:]
            self._dismiss(old)

    def _dismiss(self, worker: Worker) -> None:
        """Let one finish what is under way, for as long as it may."""
        worker.terminate()
        worker.due = monotonic() + self._finishing_seconds
        self._leaving.append(worker)

    @property
    def _finishing_seconds(self) -> float:
        return (self.config.timeout_graceful_shutdown or 0) + _CLOSING_SECONDS

    def _kill_overdue(self) -> None:
        """Kill those that were dismissed and hang."""
        for worker in self._leaving:
            if worker.process.is_alive() and monotonic() >= worker.due:
                _LOG.warning("worker %s did not end and is killed", worker.pid)
                worker.process.kill()
        self._leaving = [worker for worker in self._leaving if worker.process.is_alive()]

    def terminate_all(self) -> None:
        tell("STOPPING=1")
        for worker in (*self.processes, *filter(None, [self._successor])):
            self._dismiss(worker)

    def join_all(self) -> None:
        """Wait until all have ended. INVARIANT: one that hangs keeps the server no longer than it may take to end."""
        self._kill_overdue()
        while self._leaving:
            wait([worker.process.sentinel for worker in self._leaving], timeout=_LOOK_SECONDS)
            self._kill_overdue()

    def _tell_systemd(self) -> None:
        """That the server is ready, once every worker serves; then that this process still looks after them."""
        if not self._ready and all(worker.up for worker in self.processes):
            self._ready = True
            tell("READY=1")
        if watchdog_seconds() is not None:
            tell("WATCHDOG=1")

    def _start_worker(self, *, losses: int = 0) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.losses = losses
        worker.start()
        return worker
