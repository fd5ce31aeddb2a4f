"""Groups of commands: their summaries are shown whole, and their modules are imported when a command is run."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import click
from click.shell_completion import CompletionItem

from carnet.base.printable import printable_lines


class CommandGroup(click.Group):
    """A group whose help shows the first sentence of each command, however long it is."""

    def summaries(self, ctx: click.Context) -> Mapping[str, str]:
        """Name of each command to its first sentence."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        return {name: first_sentence(command) for name, command in commands if command is not None}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries(ctx).items()))


class CommandsOnDemand(CommandGroup):
    """Imports the module of a command when the command is run: neither help nor completion needs a server or SQL.

    Each command is the attribute of its name in the module of its name, beside this one. INVARIANT: what it complains
    of may be anybody's words, in a file or an answer, and does nothing to a terminal.
    """

    def __init__(self, *args: Any, summaries: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._summaries = MappingProxyType(dict(summaries))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as problem:
            problem.message = printable_lines(problem.message)  # type: ignore[misc]  # nobody has read it yet
            raise

    def summaries(self, ctx: click.Context) -> Mapping[str, str]:
        return self._summaries

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._summaries:
            return None
        module = import_module(f"carnet.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Click tells what was probably meant of the commands that are imported, which are none here."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            from carnet.policy.lint.near import nearest  # seldom needed

            if meant := nearest(args[0], self._summaries):
                raise click.UsageError(f"{problem.message} Did you mean {meant!r}?", ctx) from problem
            raise

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=told) for name, told in self._summaries.items() if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


def first_sentence(command: click.Command) -> str:
    """What is told of a command in one line."""
    return command.get_short_help_str(limit=1_000)
