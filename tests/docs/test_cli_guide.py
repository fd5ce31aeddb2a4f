"""The guide to the command names the commands and exit codes that there are, and its lines for completion work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from carnet.cli import main
from tests.clients.running import BIN

PAGE = Path("docs/guides/cli.md").read_text()


def test_its_commands_are_there() -> None:
    assert isinstance(main, click.Group)
    ctx = click.Context(main)
    rows = "".join(re.findall(r"^\| (`carnet .*?) \|", PAGE, re.MULTILINE))
    assert set(re.findall(r"`carnet ([a-z-]+)", rows)) == set(main.list_commands(ctx))
    account = main.get_command(ctx, "account")
    assert isinstance(account, click.Group)
    (listed,) = re.findall(r"^\| `carnet account (.*?)` \|", PAGE, re.MULTILINE)
    assert set(re.findall(r"[a-z-]+", listed)) == set(account.commands)


def test_its_exit_codes_are_those_of_the_help() -> None:
    done = CliRunner().invoke(main, ["-h"])
    assert done.exit_code == 0, done.output
    told = re.findall(r"^ {4}([0-9])  ", done.output, re.MULTILINE)
    assert told == re.findall(r"^\| ([0-9]) \|", PAGE, re.MULTILINE), done.output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(shell: str) -> None:
    line = f"_CARNET_COMPLETE={shell}_source carnet"
    assert line in PAGE
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "_CARNET_COMPLETE" in done.stdout


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_takes_the_lines_of_the_page(tmp_path: Path) -> None:
    """A zsh that has read no start file: completion is switched on by what the page says."""
    (before,) = re.findall(r"^In zsh, put the line after `(.+?)`", PAGE, re.MULTILINE)
    (line,) = re.findall(r"^\| zsh \| .+ \| `(.+)` \|$", PAGE, re.MULTILINE)
    environment = {**os.environ, "HOME": str(tmp_path), "PATH": f"{BIN}:{os.environ['PATH']}"}
    told = []
    for lines in (line, f"{before.replace('compinit &&', 'compinit -u &&')}\n{line}"):
        script = f"{lines}\nprint -r -- $_comps[carnet]"
        done = subprocess.run(["zsh", "-f", "-c", script], env=environment, capture_output=True, text=True, check=False)
        told.append(done.stdout.strip())
    assert told == ["", "_carnet_completion"]


@pytest.mark.parametrize(("begun", "offered"), [("re", ["restore", "reset"]), ("serve", ["serve"]), ("nothing", [])])
def test_what_begins_as_the_word_is_offered(begun: str, offered: list[str]) -> None:
    asked = {"_CARNET_COMPLETE": "bash_complete", "COMP_WORDS": f"carnet {begun}", "COMP_CWORD": "1"}
    told = CliRunner().invoke(main, [], env=asked, prog_name="carnet").output
    assert sorted(told.split()) == sorted(f"plain,{name}" for name in offered)
