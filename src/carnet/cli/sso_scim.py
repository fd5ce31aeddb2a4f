"""`carnet sso scim-token`: tokens by which an identity provider keeps an identity store up to date."""

from __future__ import annotations

from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.shown import rows_option, show_json, show_rows

_STORE = click.option("--store", "identity_store", required=True, metavar="d-...", help="Id of the identity store.")


@click.group("scim-token", cls=CommandGroup)
def scim_token() -> None:
    """Make, list and delete the tokens by which an identity provider provisions people, by SCIM."""


@scim_token.command()
@_STORE
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def create(identity_store: str, output: str, **settings: Any) -> None:
    """Make a token that is good for a year, and shown this once. An identity store has two at most."""
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.services.scim_tokens import create_here, told

    with open_state(Settings(**settings)) as state:
        new = create_here(
            state.store, Directory(state.store), state.ids, identity_store=identity_store, now=state.clock()
        )
    path, rfc_path = (f"/_carnet/scim/{identity_store}/{mode}/" for mode in ("v2", "rfc/v2"))
    if output == "json":
        show_json({**told(new.kept), "token": new.text, "path": path, "rfcPath": rfc_path})
        return
    click.echo(
        f"id: {new.kept.id}\ntoken: {new.text}\nendpoint: {path} below the server's public URL\n"
        f"endpoint with all of RFC 7644: {rfc_path}"
    )


@scim_token.command("list")
@_STORE
@rows_option
@installation_options
@told_plainly
def list_tokens(identity_store: str, output: str, **settings: Any) -> None:
    """List the tokens of an identity store."""
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.services.scim_tokens import list_here, told

    with open_state(Settings(**settings)) as state:
        tokens = list_here(Directory(state.store), identity_store=identity_store)
    show_rows([{name: str(value) for name, value in told(each).items()} for each in tokens], output)


@scim_token.command()
@_STORE
@click.argument("token_id", metavar="ID")
@installation_options
@told_plainly
def delete(identity_store: str, token_id: str, **settings: Any) -> None:
    """Take the token ID back: it opens nothing from then on."""
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.services.scim_tokens import delete_here

    with open_state(Settings(**settings)) as state:
        delete_here(
            state.store, Directory(state.store), identity_store=identity_store, token=token_id, now=state.clock()
        )
