"""What the README and the gate tell a developer to run is what the Makefile has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

README = Path("README.md").read_text()
MAKEFILE = Path("Makefile").read_text()
TARGETS = frozenset(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    commands = re.findall(r"```console\nmake (\w+)\n```", README)
    assert commands == ["run", "test"]
    assert set(commands) <= TARGETS


def test_every_command_of_the_readme_and_of_the_gate_is_a_target() -> None:
    gate = Path(".ci/run").read_text()
    named = {name for text in (README, gate) for name in re.findall(r"\bmake ([a-z][a-z-]*)", text)}
    named |= {word for line in re.findall(r"^make (.+)", gate, re.MULTILINE) for word in line.split() if word[0] != "-"}
    assert {"check", "test-clients", "bench"} <= named
    assert named <= TARGETS


def test_make_alone_prints_help() -> None:
    done = subprocess.run(["make", "--no-print-directory"], capture_output=True, text=True, check=True)
    shown = {line.split()[0:2][1] for line in done.stdout.splitlines() if line.startswith("  make ")}
    assert shown == TARGETS, "each target says what it does, in a comment behind ##"


def test_make_run_shows_what_it_is_doing() -> None:
    """Each step that takes long is told of before it begins, also that the server starts."""
    dry = ["make", "--no-print-directory", "--dry-run", "--always-make", "run"]
    done = subprocess.run(dry, capture_output=True, text=True, check=True).stdout.splitlines()
    long = [at for at, line in enumerate(done) if re.search(r"-m venv |tools/install\.py |carnet serve$", line)]
    assert len(long) == 4
    assert [done[at] for at in long if not done[at - 1].startswith("echo ")] == []
