"""A process that has imported all of Carnet, and forks itself for each start of it: `python fork_server.py FD`.

FD is one end of a socket pair. Each message is one start: what to run, as JSON, and four file descriptors: its input,
its output, its errors, and a pipe for the status that waitpid() gives of it, in decimal digits. The answer is the
process id. The server ends when the other end of the pair is closed; what it has started runs on.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import sys
import tempfile
import time
from typing import TypedDict

_LONGEST_MESSAGE = 1 << 20
_LATE = ("uvicorn.lifespan.off", "uvicorn.lifespan.on", "uvicorn.loops.uvloop")
"""What uvicorn imports not before it serves."""


class Start(TypedDict):
    """What to run, and as what kind of process."""

    words: list[str]
    """The first is the path of a program in Python."""
    environment: dict[str, str]
    directory: str
    own_session: bool


def import_all() -> None:
    """Import each module of Carnet that a command may need."""
    import carnet

    names = [module.name for module in pkgutil.walk_packages(carnet.__path__, "carnet.")]
    for name in (*names, *_LATE):
        if not name.startswith(("carnet.testing", "carnet.store.migrations.")):
            importlib.import_module(name)


def serve(control: socket.socket) -> list[str] | None:
    """Fork for each message. In the child: the words of its program; here: None, when the other end is closed."""
    gc.collect()
    gc.freeze()
    running: dict[int, tuple[int, int]] = {}
    """By the descriptor that tells of its end: the process id, and the pipe for the status."""
    while True:
        for ready in select.select([control.fileno(), *running], [], [])[0]:
            if ready in running:
                _tell_end(ready, *running.pop(ready))
                continue
            message, descriptors, _, _ = socket.recv_fds(control, _LONGEST_MESSAGE, 4)
            if not message:
                return None
            # INVARIANT: there is no thread but this one: a lock that another holds would stay shut in the child.
            assert len(os.listdir("/proc/self/task")) == 1
            pid = os.fork()
            if pid == 0:
                for descriptor in (control.detach(), *running, *(pipe for _, pipe in running.values())):
                    os.close(descriptor)
                return _begin(json.loads(message), descriptors)
            *standard, status = descriptors
            for descriptor in standard:
                os.close(descriptor)
            running[os.pidfd_open(pid)] = pid, status
            control.send(str(pid).encode())


def _tell_end(descriptor: int, pid: int, status: int) -> None:
    os.close(descriptor)
    os.write(status, str(os.waitpid(pid, 0)[1]).encode())
    os.close(status)


def _begin(start: Start, descriptors: list[int]) -> list[str]:
    """Make this process what Python makes of a new one; the words of its program."""
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    if start["own_session"]:
        os.setsid()
    # As from a terminal, also if a shell has the tests run in the background, where Ctrl-C is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(start["directory"])
    os.environ.clear()
    os.environ.update(start["environment"])
    time.tzset()
    tempfile.tempdir = None
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open until the process ends
    sys.stdout = open(1, "w", 1 if os.isatty(1) else -1, closefd=False)  # noqa: SIM115
    sys.stdout.reconfigure(write_through=unbuffered)
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    return start["words"]


def run(words: list[str]) -> None:
    """Run the program as the main one of this process."""
    global _exit_code
    sys.argv[:] = words
    sys.path[0] = os.path.dirname(words[0])
    try:
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        _exit_code = end.code or 0
        raise


_exit_code: str | int | None = None


def _leave() -> None:
    """End here, after all else that is done at exit: to clear thousands of modules took longer than most commands."""
    if isinstance(_exit_code, int):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_code)


if __name__ == "__main__":
    atexit.register(_leave)  # what is registered first is called last
    import_all()
    program = serve(socket.socket(fileno=int(sys.argv[1])))
    if program is not None:
        run(program)
