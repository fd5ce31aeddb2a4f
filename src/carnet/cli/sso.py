"""`carnet sso`: IAM Identity Center, as far as AWS has it in its console alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from carnet.assembly.settings import Settings
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.exports import REGION
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.shown import show_json
from carnet.cli.sso_identity_source import identity_source
from carnet.cli.sso_saml_application import saml_application
from carnet.cli.sso_scim import requests, scim_token
from carnet.cli.sso_user import user

if TYPE_CHECKING:
    from carnet.directory.snapshot import Snapshot


@click.group(cls=CommandGroup)
def sso() -> None:
    """Switch on IAM Identity Center, also beside a running server."""


sso.add_command(user)
sso.add_command(scim_token)
sso.add_command(identity_source)
sso.add_command(requests)
sso.add_command(saml_application)


@sso.command()
@click.option("--account", "account_id", metavar="ID", help="Management account, or an account without organization.")
@click.option("--organization", metavar="o-...", help="The organization.  [default: the only one]")
@click.option("--region", default=REGION, show_default=True, help="Region of the instance.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@endpoint_option
@installation_options
@told_plainly
def enable(
    account_id: str | None,
    organization: str | None,
    region: str,
    output: str,
    endpoint_url: str | None,
    **settings: Any,
) -> None:
    """Make the instance of an organization, or of a stand-alone account, with an identity store without people."""
    if account_id is not None and organization is not None:
        raise click.UsageError("Give --account or --organization, one of them.")
    api = server_to_ask(endpoint_url, at_hand=True)
    if api is not None:
        if account_id is None:
            raise click.UsageError("Give --account: a server is asked about one account.")
        made = api.post(f"accounts/{quote(account_id, safe='')}/identity-center", {"region": region}, instanceArn=str)
    else:
        made = _enabled_here(account_id, organization, region, Settings(**settings))
    if output == "json":
        show_json(made)
        return
    for name, value in made.items():
        click.echo(f"{name}: {value or '-'}")


def _enabled_here(account_id: str | None, organization: str | None, region: str, settings: Settings) -> dict[str, Any]:
    from carnet.assembly.state import open_state
    from carnet.services.identity_center import enable_here, told

    with open_state(settings) as state:
        call = state.operator_call()
        owner = account_id or _management_account(call.directory.snapshot, organization)
        made = enable_here(call, account=owner, region=region)
    return dict(told(made))


def _management_account(snapshot: Snapshot, organization: str | None) -> str:
    from carnet.cli.org import the_organization

    if organization is None and not snapshot.organizations:
        raise click.ClickException(
            "There is no organization: --account makes the instance of an account without one, and "
            "aws organizations create-organization makes an organization."
        )
    return the_organization(snapshot, organization).organization.management
