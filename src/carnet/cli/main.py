"""The `carnet` command."""

from __future__ import annotations

import os
from importlib import import_module

import click

from carnet.assembly.settings import UnknownSetting, check_environment

_COMMANDS = ("account", "explain", "policy", "serve", "status")
"""Each is the attribute of its name in the module of its name, beside this one."""


class CommandsOnDemand(click.Group):
    """Imports the module of a command when the command is asked for: `carnet policy` needs no server and no SQL."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"carnet.cli.{cmd_name}"), cmd_name)
        return command


@click.group(cls=CommandsOnDemand)
@click.version_option(package_name="carnet")
def main() -> None:
    """AWS IAM that anyone can run."""
    try:
        check_environment(os.environ)
    except UnknownSetting as problem:
        raise click.UsageError(str(problem)) from problem
