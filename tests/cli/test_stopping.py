"""How `carnet serve` ends: Ctrl-C on a terminal, and SIGTERM, with exit code 0 and one line."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from select import select

import pytest

from tests.starting.forked import CARNET
from tests.waiting import PATIENCE_SECONDS, eventually

FOREGROUND = Path("tools/foreground.py").resolve()
GREETED = b"replaced by"
STOPPED = "Carnet has stopped."


def ctrl_c(_pid: int, terminal: int) -> None:
    os.write(terminal, b"\x03")


def terminate(pid: int, _terminal: int) -> None:
    os.kill(pid, signal.SIGTERM)


def ended(command: list[str], stop: Callable[[int, int], None], directory: Path) -> tuple[int, list[str]]:
    """The wait status of a command on a terminal that is stopped when it has greeted, and what it said after that."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execv(command[0], command)
    try:
        greeting = b""
        while GREETED not in greeting:
            greeting += _read(terminal)
        time.sleep(0.2)
        stop(pid, terminal)
        told = _rest(terminal).rpartition("^C")[2]
        return os.waitpid(pid, 0)[1], [line for line in told.split("\r\n") if line]
    finally:
        os.close(terminal)


def _read(terminal: int) -> bytes:
    return os.read(terminal, 65536)


def _rest(terminal: int) -> str:
    told = b""
    while True:
        try:
            told += _read(terminal)
        except OSError:  # nobody holds the other side any more
            return told.decode()


@pytest.fixture
def serving(tmp_path: Path) -> list[str]:
    return [str(CARNET), "serve", "--port", "0", "--data-dir", str(tmp_path / "data")]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_is_no_crash(serving: list[str], tmp_path: Path, workers: str) -> None:
    status, told = ended([*serving, "--workers", workers], ctrl_c, tmp_path)
    assert os.waitstatus_to_exitcode(status) == 0
    assert told == [STOPPED]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_terminated_server_has_done_as_it_was_told(serving: list[str], tmp_path: Path, workers: str) -> None:
    status, told = ended([*serving, "--workers", workers], terminate, tmp_path)
    assert os.waitstatus_to_exitcode(status) == 0
    assert told[-1] == STOPPED


def test_ctrl_c_under_make_is_no_failure_of_make(serving: list[str], tmp_path: Path) -> None:
    command = " ".join([sys.executable, str(FOREGROUND), *serving])
    (tmp_path / "Makefile").write_text(f"run:\n\t@{command}\n")
    status, told = ended(["/usr/bin/make", "--no-print-directory", "run"], ctrl_c, tmp_path)
    assert os.waitstatus_to_exitcode(status) == 0
    assert told == [STOPPED]
    assert "tools/foreground.py $(BIN)/carnet serve" in Path("Makefile").read_text()


def test_what_ends_make_s_command_ends_the_server(serving: list[str], tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("wb") as output:
        command = [sys.executable, str(FOREGROUND), *serving]
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, cwd=tmp_path)
    try:
        eventually(lambda: GREETED in said.read_bytes())
        process.terminate()
        assert process.wait(timeout=PATIENCE_SECONDS) == 0
        assert said.read_text().splitlines()[-1] == STOPPED
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_the_terminal_is_given_back() -> None:
    """The shell that has run make reads from the terminal again."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv("/bin/sh", ["sh", "-c", f'"{sys.executable}" "{FOREGROUND}" true; read line; echo "It read: $line"'])
    told, deadline = b"", time.monotonic() + PATIENCE_SECONDS
    try:
        os.write(terminal, b"a line\n")
        while b"It read:" not in told and (left := deadline - time.monotonic()) > 0:
            if select([terminal], [], [], left)[0]:
                told += _read(terminal)
    finally:
        os.close(terminal)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert b"It read: a line" in told


def test_ctrl_c_at_once_leaves_no_traceback() -> None:
    """Most of the time that a short command takes is the time to import it."""
    program = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'carnet.cli.groups':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "import carnet.cli\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "Aborted!\n")
