"""Starts of `carnet` that import nothing: each is forked from a process that has imported all of Carnet.

Half the time of a test with processes of its own went into their imports. What starts so has a process id, signals, an
exit code and pipes, as any process has. A test whose point is the start itself (what it imports, what it costs, what
Python is told) starts its process with `subprocess`.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from tests.starting import fork_server
from tests.starting.fork_server import Start

CARNET = Path(sys.executable).parent / "carnet"
_LONGEST_ANSWER = 32
_STOP_SECONDS = 60
_one_at_a_time = Lock()


class Carnet(subprocess.Popen[str]):
    """A running `carnet` with these words, and with `cwd`, `env`, pipes and `start_new_session` as Popen takes them.

    It is no child of this process: the three methods with which Popen starts and awaits a child ask the fork server.
    They are private, and the same from Python 3.11 to 3.14. Only Linux has what it takes; elsewhere each start is new.
    """

    _ended: int
    """The end of a pipe that gives the status, once there is one."""

    def __init__(self, *words: str, **given: Any) -> None:
        super().__init__([str(CARNET), *words], text=True, **given)

    if sys.platform == "linux":

        def _execute_child(self, words: Sequence[str], *given: Any) -> None:
            cwd, environment, own_session = given[4], given[5], given[20]
            pipes = given[9:15]
            start = Start(
                words=list(words),
                environment=dict(os.environ if environment is None else environment),
                directory=os.fspath(cwd or Path.cwd()),
                own_session=own_session,
            )
            self._ended, ending = os.pipe()
            standard = [own if pipe == -1 else pipe for own, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
            try:
                with _one_at_a_time:
                    socket.send_fds(_fork_server(), [json.dumps(start).encode()], [*standard, ending])
                    self.pid = int(_fork_server().recv(_LONGEST_ANSWER))
            finally:
                os.close(ending)
                self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
            self._child_created = True

        def _internal_poll(self, _deadstate: int | None = None) -> int | None:
            with self._waitpid_lock:  # type: ignore[attr-defined]
                if self.returncode is None and (found := self._try_wait(os.WNOHANG))[0]:
                    self.returncode = os.waitstatus_to_exitcode(found[1])
            return self.returncode

        def _try_wait(self, flags: int) -> tuple[int, int]:
            """The process id, or 0 if it has not ended, and its status, as waitpid() gives them."""
            if flags & os.WNOHANG and not select.select([self._ended], [], [], 0)[0]:
                return 0, 0
            status = int(os.read(self._ended, _LONGEST_ANSWER))
            os.close(self._ended)
            return self.pid, status


def carnet(*words: str, given: str | None = None, timeout: float = 60, **how: Any) -> subprocess.CompletedProcess[str]:
    """What a `carnet` with these words has printed when it has ended. Raises TimeoutExpired after `timeout` seconds."""
    pipe = subprocess.PIPE
    stdin = subprocess.DEVNULL if given is None else pipe
    with Carnet(*words, **{"stdin": stdin, "stdout": pipe, "stderr": pipe, **how}) as process:
        try:
            output, errors = process.communicate(given, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


@cache
def _fork_server() -> socket.socket:
    """Where it is asked. There is one for each process that runs tests, started when it is needed first."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with there:
        command = [sys.executable, fork_server.__file__, str(there.fileno())]
        process = subprocess.Popen(
            command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    def stop() -> None:
        here.close()
        process.wait(_STOP_SECONDS)

    atexit.register(stop)
    return here
