"""`carnet account import` and `carnet account export`: accounts as GetAccountAuthorizationDetails describes them."""

from __future__ import annotations

from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.options import installation_options, told_plainly


@click.command("import")
@click.argument("name", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--account", "account_id", help="Id of the account here.  [default: that of the file]")
@click.option("--dry-run", is_flag=True, help="Say what would be taken, and change nothing.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def import_account(name: str, account_id: str | None, dry_run: bool, output: str, **settings: Any) -> None:
    """Copy an account of AWS from FILE, what `aws iam get-account-authorization-details` prints; - is standard input.

    Unique ids and the versions of policies are kept. What cannot be taken is said, and all else is made, also beside a
    running server. A file can be imported again. With --account, the id is replaced wherever it stands.

    Exit code 1 if something in the file could not be taken, 2 if the file cannot be read.
    """
    _check_id(account_id)
    from carnet.assembly.installation import open_installation
    from carnet.cli.planned import Planned

    with open_installation(Settings(**settings)) as installation:
        planned = Planned.copying(installation, name, account=account_id)
        click.echo(planned.as_json() if output == "json" else planned.render())
        if not dry_run:
            planned.carry_out()
            click.echo(f"Done: {planned.summary(done=True)}.", err=output == "json")
        if not_taken := planned.not_taken():
            raise click.ClickException(not_taken)


@click.command("export")
@click.argument("account_id", metavar="ACCOUNT")
@installation_options
@told_plainly
def export_account(account_id: str, **settings: Any) -> None:
    """Print ACCOUNT as JSON for `carnet account import`, in the form of GetAccountAuthorizationDetails.

    No access key, password or MFA device is in it. What the account has and the file lacks is counted on stderr.
    """
    from carnet.assembly.installation import open_installation
    from carnet.cli.shown import show_json
    from carnet.provisioning.account_export import exported_account, left_behind
    from carnet.provisioning.operator import Operator

    with open_installation(Settings(**settings)) as installation:
        operator = Operator(
            parts=installation.execution.parts, partition=installation.settings.partition, now=installation.clock()
        )
        snapshot = installation.directory.snapshot
        show_json(exported_account(operator, snapshot, account_id))
        if lacking := left_behind(snapshot, account_id):
            told = ", ".join(f"{count} x {word}" for word, count in lacking.items())
            click.echo(f"Not in it: {told}.", err=True)


def _check_id(account_id: str | None) -> None:
    from carnet.entities.account import ID_RULE, is_account_id

    if account_id is not None and not is_account_id(account_id):
        raise click.BadParameter(ID_RULE, param_hint="--account")
