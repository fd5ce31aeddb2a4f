"""`carnet sso saml-application`: applications of SAML 2.0, which AWS makes in its console alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, instance_owner_option, told_plainly
from carnet.cli.shown import show_json
from carnet.cli.sso_identity_source import browsers_url_of, owner_of


@click.group("saml-application", cls=CommandGroup)
def saml_application() -> None:
    """Make and list applications of SAML 2.0, which people are signed in to from the access portal."""


@saml_application.command()
@click.argument("name")
@click.option("--acs-url", "acs_urls", metavar="URL", multiple=True, required=True, help="Where assertions go.")
@click.option("--audience", metavar="TEXT", required=True, help="entityID of the application.")
@click.option("--subject", default="${user:subject}", show_default=True, help="What the NameID is made of.")
@click.option(
    "--subject-format",
    type=click.Choice(("unspecified", "emailAddress", "persistent")),
    default="unspecified",
    show_default=True,
)
@click.option("--attribute", "attributes", metavar="NAME=SOURCE", multiple=True, help="What else is said of people.")
@click.option("--relay-state", default="", help="What goes along if nobody has asked.")
@click.option("--session-seconds", type=int, default=3600, show_default=True)
@click.option(
    "--request-certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate (PEM) by which the application's requests must be signed.",
)
@instance_owner_option
@installation_options
@told_plainly
def create(
    name: str,
    acs_urls: tuple[str, ...],
    audience: str,
    subject: str,
    subject_format: str,
    attributes: tuple[str, ...],
    relay_state: str,
    session_seconds: int,
    request_certificate: Path | None,
    account_id: str | None,
    **settings: Any,
) -> None:
    """Make the application NAME. People use it once they are assigned to it (CreateApplicationAssignment).

    A SOURCE is a text with ${user:email}, ${user:groups} and their like, or ${path:...}, in it.
    """
    from carnet.assembly.state import open_state
    from carnet.identity.saml_signing_keys import new_key_pair
    from carnet.services.saml_applications import Wanted, create_here

    pairs = [each.partition("=") for each in attributes]
    if not all(separator for _, separator, _ in pairs):
        raise click.UsageError("Give --attribute NAME=SOURCE.")
    wanted = Wanted(
        name=name,
        acs_urls=acs_urls,
        audience=audience,
        subject=subject,
        subject_format=subject_format,
        attributes={key: value for key, _, value in pairs},
        relay_state=relay_state,
        session_seconds=session_seconds,
        request_certificate="" if request_certificate is None else request_certificate.read_text(encoding="utf-8"),
    )
    chosen = Settings(**settings)
    with open_state(chosen) as state:
        account, call = owner_of(state.store, account_id), state.operator_call()
        made = create_here(call, wanted, new_key_pair("Carnet", call.now), account=account)
    _show(chosen, account, made)


@saml_application.command("list")
@instance_owner_option
@installation_options
@told_plainly
def list_applications(account_id: str | None, **settings: Any) -> None:
    """List applications, with what each has to be told of this server."""
    from carnet.assembly.state import open_state

    chosen = Settings(**settings)
    with open_state(chosen) as state:
        account = owner_of(state.store, account_id)
    _show(chosen, account, None)


def _show(settings: Settings, account: str, only: str | None) -> None:
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.entities.saml_application import SamlApplication
    from carnet.services.saml_applications import found_application, told

    with open_state(settings) as state:
        view = Directory(state.store).snapshot.accounts[account]
        found = [found_application(view, one.id) for one in view.of(SamlApplication) if only in (None, one.id)]
    url = browsers_url_of(settings)
    show_json({"applications": [told(*both, url) for both in found if both is not None]})
