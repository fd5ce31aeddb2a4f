"""`carnet sso user`: links by which people of an identity store set their password, which AWS sends by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import click

from carnet.assembly.settings import Settings
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.shown import show_json


@click.group(cls=CommandGroup)
def user() -> None:
    """Make links by which people set their password."""


_user = click.argument("name", metavar="USER")
_account = click.option(
    "--account", "account_id", metavar="ID", help="Account that owns the instance.  [default: the only one]"
)
_hours = click.option(
    "--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="How long the link is good."
)
_output = click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)


@user.command()
@_user
@_account
@_hours
@_output
@endpoint_option
@installation_options
@told_plainly
def invite(
    name: str, account_id: str | None, hours: int, output: str, endpoint_url: str | None, **settings: Any
) -> None:
    """Make a link by which USER, a user name or id, sets a first password, once."""
    _show(_made(name, account_id, hours, False, endpoint_url, Settings(**settings)), name, output)


@user.command("reset-password")
@_user
@_account
@_hours
@click.option("--remove-mfa", is_flag=True, help="The user's MFA devices go when the password is set.")
@_output
@endpoint_option
@installation_options
@told_plainly
def reset_password(
    name: str,
    account_id: str | None,
    hours: int,
    remove_mfa: bool,
    output: str,
    endpoint_url: str | None,
    **settings: Any,
) -> None:
    """Make a link by which USER, a user name or id, sets another password, once. The one before is good until then."""
    _show(_made(name, account_id, hours, remove_mfa, endpoint_url, Settings(**settings)), name, output)


def _show(made: dict[str, Any], name: str, output: str) -> None:
    if output == "json":
        show_json(made)
        return
    click.echo(f"Whoever opens this link sets the password of {name}, once, until {made['expires']}:\n{made['link']}")


def _made(
    name: str, account_id: str | None, hours: int, remove_mfa: bool, endpoint_url: str | None, settings: Settings
) -> dict[str, Any]:
    api = server_to_ask(endpoint_url, at_hand=True)
    if api is None:
        return _made_here(name, account_id, hours, remove_mfa, settings)
    from carnet.services.person_invitations import INVITED

    if account_id is None:
        raise click.UsageError("Give --account: a server is asked about one account.")
    given = {"user": name, "hours": hours, "removeMfa": remove_mfa}
    path = f"accounts/{quote(account_id, safe='')}/identity-center/invitations"
    made = api.post(path, given, token=str, expires=str)
    return {**made, "link": f"{api.url}{INVITED}#{made['token']}"}


def _made_here(name: str, account_id: str | None, hours: int, remove_mfa: bool, settings: Settings) -> dict[str, Any]:
    from carnet.assembly.public_url import public_url
    from carnet.assembly.running import last_endpoint
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.entities.identity_center_instance import Instance
    from carnet.services.person_invitations import invite_here, told

    with open_state(settings) as state:
        owners = [instance.account for instance in state.store.all_of(Instance)]
        if account_id is None and len(owners) != 1:
            raise click.UsageError(f"Give --account: there are {len(owners)} instances of IAM Identity Center.")
        made = invite_here(
            state.store,
            Directory(state.store),
            state.ids,
            account=account_id or owners[0],
            user=name,
            lifetime=timedelta(hours=hours),
            remove_mfa=remove_mfa,
            now=state.clock(),
        )
        url = settings.public_url or last_endpoint(settings.data_dir) or public_url(settings)
    return {**told(made), "token": made.token, "link": made.link(url)}
