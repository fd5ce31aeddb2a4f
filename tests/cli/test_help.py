"""The help of every command fits a terminal of 80 columns, and its list of commands cuts no sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from carnet.cli import main
from carnet.cli.groups import first_sentence


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            assert inner is not None
            yield from _commands(inner, f"{name} {each}")


COMMANDS = dict(_commands(main, "carnet"))


def _help(name: str) -> str:
    # A command keeps the help option that its first context asks for: without these names, none takes -h afterwards.
    settings = {**main.context_settings, "terminal_width": 80}
    return COMMANDS[name].get_help(click.Context(COMMANDS[name], info_name=name, **settings))


@pytest.mark.parametrize("name", COMMANDS)
def test_it_fits_a_terminal(name: str) -> None:
    assert [line for line in _help(name).splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if isinstance(command, click.Group)])
def test_a_list_of_commands_cuts_no_sentence(name: str) -> None:
    listed = " ".join(_help(name).partition("\nCommands:\n")[2].split()).replace("- ", "-")
    inner = [command for each, command in COMMANDS.items() if each.rpartition(" ")[0] == name]
    assert inner != []
    for command in inner:
        assert " ".join(first_sentence(command).split()).replace("- ", "-") in listed


def test_a_misspelled_command_is_told_what_was_meant() -> None:
    assert "No such command 'serv'. Did you mean 'serve'?" in CliRunner().invoke(main, ["serv"]).output
    assert CliRunner().invoke(main, ["hat"]).output.endswith("No such command 'hat'.\n")


@pytest.mark.parametrize(("variable", "coloured"), [("", True), ("1", False), ("0", False)])
def test_no_color_is_heeded(tmp_path: Path, variable: str, coloured: bool) -> None:
    """Whatever the variable says, unless it is empty: https://no-color.org."""
    asked = ["doctor", "--data-dir", str(tmp_path / "none"), "--port", "0"]
    done = CliRunner().invoke(main, asked, color=True, env={"NO_COLOR": variable})
    assert "versions: " in done.output
    assert ("\x1b[" in done.output) is coloured
