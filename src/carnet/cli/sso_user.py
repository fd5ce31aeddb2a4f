"""`carnet sso user`: links by which people of an identity store set their password: printed, or mailed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import click

from carnet.assembly.settings import Settings
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.groups import CommandGroup
from carnet.cli.mail import check_mail
from carnet.cli.options import installation_options, instance_owner_option, mail_options, told_plainly
from carnet.cli.shown import show_json, text_or_json_option
from carnet.cli.sso_identity_source import owner_of


class _Wanted(NamedTuple):
    """What a link is to be like."""

    user: str
    account: str | None
    hours: int
    remove_mfa: bool
    mail: bool


@click.group(cls=CommandGroup)
def user() -> None:
    """Make links by which people set their password."""


_user = click.argument("name", metavar="USER")
_hours = click.option(
    "--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="How long the link is good."
)
_mail = click.option(
    "--mail",
    is_flag=True,
    help="Send the link to the user's email address, and do not print it. A mail server is needed.",
)


@user.command()
@_user
@instance_owner_option
@_hours
@_mail
@text_or_json_option
@endpoint_option
@mail_options
@installation_options
@told_plainly
def invite(
    name: str, account_id: str | None, hours: int, mail: bool, output: str, endpoint_url: str | None, **settings: Any
) -> None:
    """Make a link by which USER, a user name or id, sets a first password, once."""
    wanted = _Wanted(name, account_id, hours, remove_mfa=False, mail=mail)
    _show(_make_invitation(wanted, endpoint_url, Settings(**settings)), name, output)


@user.command("reset-password")
@_user
@instance_owner_option
@_hours
@click.option("--remove-mfa", is_flag=True, help="The user's MFA devices go when the password is set.")
@_mail
@text_or_json_option
@endpoint_option
@mail_options
@installation_options
@told_plainly
def reset_password(
    name: str,
    account_id: str | None,
    hours: int,
    remove_mfa: bool,
    mail: bool,
    output: str,
    endpoint_url: str | None,
    **settings: Any,
) -> None:
    """Make a link by which USER, a user name or id, sets another password, once. The one before is good until then."""
    wanted = _Wanted(name, account_id, hours, remove_mfa=remove_mfa, mail=mail)
    _show(_make_invitation(wanted, endpoint_url, Settings(**settings)), name, output)


def _show(made: dict[str, Any], name: str, output: str) -> None:
    if output == "json":
        show_json(made)
        return
    if "link" not in made:
        click.echo(f"The link by which {name} sets a password was mailed. It is good, once, until {made['expires']}.")
        return
    click.echo(f"Whoever opens this link sets the password of {name}, once, until {made['expires']}:\n{made['link']}")


def _make_invitation(wanted: _Wanted, endpoint_url: str | None, settings: Settings) -> dict[str, Any]:
    api = server_to_ask(endpoint_url, at_hand=True)
    if api is None:
        return _make_invitation_here(wanted, settings)
    if wanted.account is None:
        raise click.UsageError("Give --account: a server is asked about one account.")
    given = {"user": wanted.user, "hours": wanted.hours, "removeMfa": wanted.remove_mfa}
    path = f"accounts/{quote(wanted.account, safe='')}/identity-center"
    if wanted.mail:
        return api.post(f"{path}/mailed-invitations", given, expires=str)
    from carnet.services.person_invitations import link_of

    made = api.post(f"{path}/invitations", given, token=str, expires=str)
    return {**made, "link": link_of(made["token"], api.url)}


def _make_invitation_here(wanted: _Wanted, settings: Settings) -> dict[str, Any]:
    from carnet.assembly.public_url import public_url
    from carnet.assembly.running import last_endpoint
    from carnet.assembly.state import open_state
    from carnet.services.person_invitations import WantedInvitation, invite_here, told

    server = check_mail(settings) if wanted.mail else None
    with open_state(settings) as state:
        account, call = owner_of(state.store, wanted.account), state.operator_call()
        url = settings.public_url or last_endpoint(settings.data_dir) or public_url(settings)
        lifetime, mailed = timedelta(hours=wanted.hours), None
        if wanted.mail:
            from carnet.services.mailed_invitations import Mailer, set_up

            attempts = state.store.password_attempts
            mailer = Mailer(server=server, attempts=attempts, ids=state.ids, url=url) if server is not None else None
            snapshot, now = call.directory.snapshot, call.now
            mailed = set_up(mailer).mail(snapshot, account=account, user=wanted.user, expires=now + lifetime, now=now)
        invitation = WantedInvitation(
            account=account, user=wanted.user, lifetime=lifetime, remove_mfa=wanted.remove_mfa
        )
        made = invite_here(call, invitation, mailed)
    return told(made) if made.mailed else {**told(made), "token": made.token, "link": made.link(url)}
