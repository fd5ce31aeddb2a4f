"""`carnet operator-token`: tokens for programs that call Carnet's own HTTP API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.base.timestamps import iso_seconds
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.shown import text_or_json_option
from carnet.entities.operator_token import NAME_RULE, OperatorScope, OperatorToken, is_token_name

# What opens the store is imported when a command is run: neither help nor completion needs SQL.


@click.group("operator-token", cls=CommandGroup)
def operator_token() -> None:
    """Make tokens for Carnet's own HTTP API, and revoke them, also beside a running server."""


@operator_token.command()
@click.option("--name", required=True, help="What it is for, as it is listed and audited.")
@click.option(
    "--scope",
    "scopes",
    required=True,
    multiple=True,
    type=click.Choice([scope.value for scope in OperatorScope]),
    metavar="SCOPE",
    help=f"What it may be used for, in all accounts; may be given several times: {', '.join(OperatorScope)}.",
)
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long it is good.")
@text_or_json_option
@installation_options
@told_plainly
def create(name: str, scopes: tuple[str, ...], days: int, output: str, **settings: Any) -> None:
    """Make a token, which is shown this once."""
    if not is_token_name(name):
        raise click.BadParameter(NAME_RULE, param_hint="--name")
    from carnet.assembly.state import open_state
    from carnet.services.operator_tokens import create_operator_token

    with open_state(Settings(**settings)) as state:
        made = create_operator_token(
            state.store,
            state.ids,
            name=name,
            scopes=[OperatorScope(scope) for scope in scopes],
            lifetime=timedelta(days=days),
            now=state.clock(),
        )
    if output == "json":
        click.echo(json.dumps({**_members(made.token), "Token": made.text}, indent=2))
        return
    click.echo(f"{made.token.id}  {made.text}")


@operator_token.command("list")
@text_or_json_option
@installation_options
@told_plainly
def list_tokens(output: str, **settings: Any) -> None:
    """List the tokens: ids, names, when they end, and scopes. None shows its secret."""
    from carnet.assembly.state import open_state

    with open_state(Settings(**settings)) as state:
        tokens = sorted(state.store.all_of(OperatorToken), key=lambda each: (each.created, each.id))
        now = state.clock()
    if output == "json":
        click.echo(json.dumps([_members(token) for token in tokens], indent=2))
        return
    for token in tokens:
        ends = f"until {iso_seconds(token.expires)}" if token.is_good(now) else "expired"
        click.echo(f"{token.id}  {token.name}  {ends}  {' '.join(token.scopes)}")


@operator_token.command()
@click.argument("token_id", metavar="ID")
@installation_options
@told_plainly
def revoke(token_id: str, **settings: Any) -> None:
    """Revoke the token of that ID, which stops working."""
    from carnet.assembly.state import open_state
    from carnet.services.operator_tokens import revoke_operator_token

    with open_state(Settings(**settings)) as state:
        token = revoke_operator_token(state.operator_call(), token_id=token_id)
    click.echo(f"{token.id}  {token.name}  revoked")


def _members(token: OperatorToken) -> dict[str, object]:
    return {
        "OperatorTokenId": token.id,
        "Name": token.name,
        "Scopes": list(token.scopes),
        "Created": iso_seconds(token.created),
        "Expires": iso_seconds(token.expires),
    }
