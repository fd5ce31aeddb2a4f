"""How much CPU the `carnet` command takes: `python -m tests.bench.commands`.

Each figure is the least of several rounds, in milliseconds of user and system time, beside that of a Python which only
imports click.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.audit.decisions import DecisionLog
from carnet.audit.log_files import JsonLines

_CARNET = str(Path(sys.executable).parent / "carnet")
_NOBODY_LISTENS = "1"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=10)
    rounds: int = arguments.parse_args().rounds
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        with open_installation(Settings(data_dir=data), create=True) as installation:
            first_account(installation)
        DecisionLog(JsonLines(data / "audit" / "decisions.jsonl")).close()
        for title, command, variables in _commands(data):
            print(f"{title:<28} {_milliseconds(command, variables, rounds):5.0f} ms")


def _commands(data: Path) -> list[tuple[str, Sequence[str], Mapping[str, str]]]:
    here = ("--data-dir", str(data))
    completion = {"_CARNET_COMPLETE": "bash_complete", "COMP_WORDS": "carnet account l", "COMP_CWORD": "2"}
    return [
        ("python, import click", (sys.executable, "-c", "import click"), {}),
        ("carnet --help", (_CARNET, "--help"), {}),
        ("carnet status", (_CARNET, "status", "--port", _NOBODY_LISTENS), {}),
        ("carnet account", (_CARNET, "account"), {}),
        ("carnet account list", (_CARNET, "account", "list", *here), {}),
        ("carnet explain ID", (_CARNET, "explain", "some-id", *here), {}),
        ("carnet account l<TAB>", (_CARNET,), completion),
    ]


def _milliseconds(command: Sequence[str], variables: Mapping[str, str], rounds: int) -> float:
    return 1000 * min(_seconds(command, variables) for _ in range(rounds))


def _seconds(command: Sequence[str], variables: Mapping[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env={**os.environ, **variables}, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
