"""`carnet sso scim-token` and `carnet sso scim-requests`: tokens of identity providers, and what they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import click

from carnet.assembly.settings import Settings
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.shown import rows_option, show_json, show_rows

if TYPE_CHECKING:
    from carnet.cli.own_api import OwnApi
    from carnet.store.store import Store

_store = click.option(
    "--store", "identity_store", metavar="d-...", help="Id of the identity store.  [default: the only one]"
)
_account = click.option("--account", "account_id", metavar="ID", help="Account that owns the store, for a server.")


@click.group("scim-token", cls=CommandGroup)
def scim_token() -> None:
    """Make, list and delete the tokens by which an identity provider provisions people, by SCIM."""


@scim_token.command()
@_store
@_account
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@endpoint_option
@installation_options
@told_plainly
def create(
    identity_store: str | None, account_id: str | None, output: str, endpoint_url: str | None, **settings: Any
) -> None:
    """Make a token that is good for a year, and shown this once. An identity store has two at most."""
    asked = _server_of(endpoint_url, account_id, identity_store)
    made = _created_here(identity_store, Settings(**settings)) if asked is None else asked.create()
    store = made["identityStoreId"]
    paths = {"path": f"/_carnet/scim/{store}/v2/", "rfcPath": f"/_carnet/scim/{store}/rfc/v2/"}
    if output == "json":
        show_json({**made, **paths})
        return
    click.echo(
        f"id: {made['id']}\ntoken: {made['token']}\nendpoint: {paths['path']} below the server's public URL\n"
        f"endpoint with all of RFC 7644: {paths['rfcPath']}"
    )


@scim_token.command("list")
@_store
@_account
@rows_option
@endpoint_option
@installation_options
@told_plainly
def list_tokens(
    identity_store: str | None, account_id: str | None, output: str, endpoint_url: str | None, **settings: Any
) -> None:
    """List the tokens of an identity store, and when each was last used."""
    asked = _server_of(endpoint_url, account_id, identity_store)
    tokens = _tokens_here(identity_store, Settings(**settings)) if asked is None else asked.tokens()
    show_rows([_row(each) for each in tokens], output)


@scim_token.command()
@_store
@_account
@click.argument("token_id", metavar="ID")
@endpoint_option
@installation_options
@told_plainly
def delete(
    identity_store: str | None, account_id: str | None, token_id: str, endpoint_url: str | None, **settings: Any
) -> None:
    """Take the token ID back: it opens nothing from then on."""
    asked = _server_of(endpoint_url, account_id, identity_store)
    if asked is not None:
        asked.delete(token_id)
        return
    from carnet.assembly.state import open_state
    from carnet.services.scim_tokens import delete_here

    with open_state(Settings(**settings)) as state:
        store = identity_store or _only_store(state.store)
        delete_here(state.operator_call(), identity_store=store, token=token_id)


@click.command("scim-requests")
@click.option("--account", "account_id", metavar="ID", required=True, help="Account that owns the identity store.")
@click.option("--failed", is_flag=True, help="Only requests that were refused or failed.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many at most.")
@rows_option
@endpoint_option
@installation_options
@told_plainly
def requests(account_id: str, failed: bool, limit: int, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """List what identity providers asked for by SCIM, and what came of it, the newest first.

    It is read from the audit log in the data directory; if none is there and AWS_ENDPOINT_URL is set, that server is
    asked.
    """
    from carnet.audit.history import EventHistory
    from carnet.audit.logs import FileLog
    from carnet.audit.scim_requests import scim_requests
    from carnet.audit.segments import Segments

    file = Settings(**settings).audit_file
    here = bool(Segments(file).newest_first())
    api = server_to_ask(endpoint_url, at_hand=here)
    if api is None and not here:
        raise click.ClickException(f"No event is recorded at {file}; --data-dir names another installation.")
    found: list[dict[str, Any]] = []
    after: str | None = None
    while len(found) < limit:
        count = limit - len(found)
        if api is None:
            page = scim_requests(EventHistory(FileLog(file)), account_id, count=count, after=after, failed=failed)
        else:
            page = _OfServer(api, account_id).requests(count, after, failed=failed)
        found += page["requests"]
        after = page.get("next")
        if after is None:
            break
    show_rows([_row(each) for each in found], output)


class _OfServer(NamedTuple):
    """A server, which is asked about one account."""

    api: OwnApi
    account: str

    @property
    def path(self) -> str:
        return f"accounts/{quote(self.account, safe='')}/identity-center"

    def create(self) -> dict[str, Any]:
        return self.api.post(f"{self.path}/scim-tokens", {}, id=str, token=str, identityStoreId=str)

    def tokens(self) -> list[dict[str, Any]]:
        tokens: list[dict[str, Any]] = self.api.get(f"{self.path}/scim-tokens", {}, tokens=list)["tokens"]
        return tokens

    def delete(self, token: str) -> None:
        self.api.delete(f"{self.path}/scim-tokens/{quote(token, safe='')}", id=str)

    def requests(self, count: int, after: str | None, *, failed: bool) -> dict[str, Any]:
        asked = {"limit": str(count)} | ({} if after is None else {"after": after})
        return self.api.get(f"{self.path}/scim-requests", asked | ({"failed": "true"} if failed else {}), requests=list)


def _server_of(endpoint_url: str | None, account: str | None, identity_store: str | None) -> _OfServer | None:
    """The server that is asked; None if the data directory is changed. Raises UsageError."""
    api = server_to_ask(endpoint_url, at_hand=True)
    if api is None:
        return None
    if account is None or identity_store is not None:
        raise click.UsageError("Give --account, and no --store: a server is asked about the store of one account.")
    return _OfServer(api, account)


def _row(told: dict[str, Any]) -> dict[str, str]:
    return {name: "-" if value is None else str(value) for name, value in told.items()}


def _only_store(store: Store) -> str:
    from carnet.entities.identity_center_instance import Instance

    stores = [each.identity_store for each in store.all_of(Instance)]
    if len(stores) != 1:
        raise click.UsageError(f"Give --store: there are {len(stores)} identity stores.")
    return stores[0]


def _created_here(identity_store: str | None, settings: Settings) -> dict[str, Any]:
    from carnet.assembly.state import open_state
    from carnet.services.scim_tokens import create_here, told

    with open_state(settings) as state:
        store = identity_store or _only_store(state.store)
        new = create_here(state.operator_call(), identity_store=store)
    return {**told(new.kept), "token": new.text}


def _tokens_here(identity_store: str | None, settings: Settings) -> list[dict[str, Any]]:
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.directory.last_used import LastUsed
    from carnet.services.scim_tokens import list_here, listed

    with open_state(settings) as state:
        last_used = LastUsed(state.store)
        last_used.load()
        store = identity_store or _only_store(state.store)
        return [listed(each, last_used) for each in list_here(Directory(state.store), identity_store=store)]
