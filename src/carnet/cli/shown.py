"""What commands print: rows as text, table or JSON, and root keys as lines for a shell too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from carnet.cli.exports import export_lines

if TYPE_CHECKING:
    from carnet.services.accounts import RootKey

Row = Mapping[str, str]
"""Name of a column to what stands there; all rows of a list have the same columns."""

Command = Callable[..., Any]

rows_option: Callable[[Command], Command] = click.option(
    "--output",
    type=click.Choice(("text", "table", "json")),
    default="text",
    show_default=True,
    help="Form of the answer.",
)
text_or_json_option: Callable[[Command], Command] = click.option(
    "--output", type=click.Choice(("text", "json")), default="text", show_default=True, help="Form of the answer."
)
keys_option: Callable[[Command], Command] = click.option(
    "--output",
    type=click.Choice(("text", "table", "json", "env")),
    default="text",
    show_default=True,
    help="Form of the answer; env is lines for a shell.",
)


def show_rows(rows: Sequence[Row], output: str) -> None:
    """Print a list."""
    if output == "json":
        show_json(rows)
    elif output == "table":
        click.echo("\n".join(_table(rows)))
    else:
        for row in rows:
            click.echo("  ".join(row.values()))


def show_json(value: object) -> None:
    """Print a value as JSON for people."""
    import json  # which help and completion do not need

    click.echo(json.dumps(value, indent=2))


def show_keys(keys: Sequence[RootKey], output: str, *, several: bool, endpoint: str) -> None:
    """Print new root keys: the one chance to see them. `several` makes a list in JSON even of one."""
    if output == "env":
        for key in keys:
            click.echo(export_lines(endpoint, key.access_key_id, key.secret_access_key))
        return
    rows = [
        {"AccountId": key.account, "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
        for key in keys
    ]
    if output == "json" and not several:
        show_json(rows[0])
        return
    show_rows(rows, output)


def _table(rows: Sequence[Row]) -> list[str]:
    """The rows below their columns' names, each column as wide as its widest value."""
    if not rows:
        return []
    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
