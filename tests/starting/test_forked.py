"""What is forked is a process as any other: nobody but the clock can tell it from one that was started anew."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.starting import fork_server
from tests.starting.forked import CARNET, Carnet, carnet

PIPE = subprocess.PIPE


@contextmanager
def serving(place: Path) -> Iterator[Carnet]:
    """A server that has said where it listens."""
    with Carnet("serve", "--dev", "--port", "0", cwd=place, env={}, stdout=PIPE, stderr=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Carnet listens at ")
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("words", [("--help",), ("policy", "nothing"), ("explain",), ("policy", "simulate", "-f", "-")])
def test_it_says_and_answers_what_another_does(words: tuple[str, ...], tmp_path: Path) -> None:
    anew = subprocess.run([str(CARNET), *words], cwd=tmp_path, env={}, input="[", capture_output=True, text=True)
    done = carnet(*words, cwd=tmp_path, env={}, given="[")
    assert (done.returncode, done.stdout, done.stderr) == (anew.returncode, anew.stdout, anew.stderr)


def test_its_environment_and_directory_are_those_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No decision is recorded at d/" in carnet("explain", "x", cwd=tmp_path, env={"CARNET_DATA_DIR": "d"}).stderr
    monkeypatch.setenv("CARNET_DATA_DIR", "e")
    monkeypatch.chdir(tmp_path)
    assert "No decision is recorded at e/" in carnet("explain", "x").stderr
    assert "No decision is recorded at carnet-data/" in carnet("explain", "x", env={}).stderr


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_it_and_its_end_is_told(sign: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.01)
        process.send_signal(sign)
        assert process.wait(30) == (-signal.SIGKILL if sign == signal.SIGKILL else 0)
        assert process.poll() == process.returncode
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        carnet("serve", "--dev", "--port", "0", cwd=tmp_path, timeout=0.1)


def test_it_has_no_file_of_another_one(tmp_path: Path) -> None:
    with serving(tmp_path) as one, serving(tmp_path) as other:
        shared = _pipes(one.pid) & _pipes(other.pid)
        assert len(_pipes(other.pid)) >= 2
    assert shared == set()


def test_it_may_have_a_session_of_its_own(tmp_path: Path) -> None:
    with Carnet("serve", "--dev", "--port", "0", cwd=tmp_path, stdout=PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert os.getsid(process.pid) == process.pid
        process.kill()
    with serving(tmp_path) as process:
        assert os.getsid(process.pid) == os.getsid(0)


def test_it_is_forked_where_that_can_be(tmp_path: Path) -> None:
    """So that a slow way, which all would pass by, does not go unnoticed."""
    with serving(tmp_path) as process:
        parent = re.findall(r"^PPid:\s*(\d+)$", Path(f"/proc/{process.pid}/status").read_text(), re.MULTILINE)
        command = Path(f"/proc/{parent[0]}/cmdline").read_text()
    assert str(fork_server.__file__) in command.split("\0")


def _pipes(pid: int) -> set[str]:
    found = (os.readlink(each) for each in Path(f"/proc/{pid}/fd").iterdir())
    return {name for name in found if name.startswith("pipe:")}
