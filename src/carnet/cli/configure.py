"""`carnet configure`: profiles of the AWS CLI and SDKs for people who sign in."""

from __future__ import annotations

import re
from typing import Any

import click

from carnet.assembly.public_url import public_url
from carnet.assembly.running import last_endpoint
from carnet.assembly.settings import Settings
from carnet.base.arns import ACCOUNT_ID
from carnet.cli.aws_files import changed_text, config_file, config_section
from carnet.cli.exports import REGION
from carnet.cli.groups import CommandGroup
from carnet.cli.ini_edit import with_values
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.private_file import replace_file

_NAME = re.compile(r"[A-Za-z0-9_.@+/-]{1,128}")
_ROLE = re.compile(r"[\w+=,.@-]{1,32}", re.ASCII)
_URL = re.compile(r"https?://[\x21-\x7e]{1,256}")
_SCOPES = "sso:account:access"
_SERVICES = ("sso", "sso_oidc", "signin")
"""Those that are asked before there are credentials. The SDK for Go looks for the address of `sso` nowhere else."""


@click.group(cls=CommandGroup)
def configure() -> None:
    """Write profiles for people who sign in with `aws sso login`."""


@configure.command()
@click.argument("name")
@click.option("--account-id", required=True, metavar="ID", help="The account that the person works in.")
@click.option("--role-name", required=True, help="The name of the permission set.")
@click.option("--start-url", help="That of the instance.  [default: that of the installation's only one]")
@click.option("--session-name", default="carnet", show_default=True, help="Of the sso-session that profiles share.")
@click.option("--sso-region", default=REGION, show_default=True, help="The Region of the instance.")
@click.option("--endpoint-url", envvar="AWS_ENDPOINT_URL", show_envvar=True, help="[default: that of the server]")
@click.option("--region", envvar="AWS_REGION", default=REGION, show_default=True, show_envvar=True)
@installation_options
@told_plainly
def sso(
    name: str,
    account_id: str,
    role_name: str,
    start_url: str | None,
    session_name: str,
    sso_region: str,
    endpoint_url: str | None,
    region: str,
    **settings: Any,
) -> None:
    """Write profile NAME, the sso-session and the section `services` that make every AWS SDK sign in here.

    What else is in ~/.aws/config stays, or in the file that AWS_CONFIG_FILE names.
    """
    for value, form, where in ((name, _NAME, "NAME"), (session_name, _NAME, "--session-name")):
        if not form.fullmatch(value):
            raise click.BadParameter("A name has letters, digits and _ . @ + / - only.", param_hint=where)
    if not ACCOUNT_ID.fullmatch(account_id):
        raise click.BadParameter("An account id has 12 digits.", param_hint="--account-id")
    if not _ROLE.fullmatch(role_name):
        raise click.BadParameter("This is no name of a permission set.", param_hint="--role-name")
    configured = Settings(**settings)
    endpoint = endpoint_url or last_endpoint(configured.data_dir) or public_url(configured)
    url = start_url or _start_url(configured)
    if not _URL.fullmatch(endpoint) or not _URL.fullmatch(url):
        raise click.BadParameter("Endpoint and start URL begin with http:// or https:// and have no spaces.")
    path = config_file()
    text = changed_text(path, config_section(name), _profile(session_name, account_id, role_name, region, endpoint))
    session = {"sso_start_url": url, "sso_region": sso_region, "sso_registration_scopes": _SCOPES}
    text = with_values(text, f"sso-session {session_name}", session)
    text = with_values(text, f"services {session_name}", dict.fromkeys(_SERVICES, f"\n  endpoint_url = {endpoint}"))
    replace_file(path, text)
    click.echo(f"Profile {name} is in {path}. Sign in with: aws sso login --profile {name}")


def _profile(session: str, account_id: str, role_name: str, region: str, endpoint: str) -> dict[str, str | None]:
    return {
        "sso_session": session,
        "sso_account_id": account_id,
        "sso_role_name": role_name,
        "region": region,
        "endpoint_url": endpoint,
        "services": session,
    }


def _start_url(settings: Settings) -> str:
    """That of the only instance of the installation. Raises ClickException if there is not just one."""
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.directory.identity_center import own_instance

    with open_state(settings) as state:
        snapshot = Directory(state.store).snapshot
        found = [one for view in snapshot.accounts.values() if (one := own_instance(view)) is not None]
    if len(found) != 1:
        raise click.ClickException(
            f"There are {len(found)} instances of IAM Identity Center: give --start-url"
            + (", or make one with carnet sso enable." if not found else ".")
        )
    return found[0].start_url
