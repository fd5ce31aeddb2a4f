"""`carnet apply`: makes an installation hold what a file says."""

from __future__ import annotations

from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.options import installation_options, told_plainly


@click.command()
@click.argument("name", metavar="FILE", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Show the plan, and change nothing.")
@click.option("--atomic", is_flag=True, help="Make everything in one transaction; at most 500 steps.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def apply(name: str, dry_run: bool, atomic: bool, output: str, **settings: Any) -> None:
    """Make accounts, users, groups, roles, policies and keys as FILE says, also beside a running server.

    FILE is YAML, or the JSON of GetAccountAuthorizationDetails; - reads standard input. What is as it should be stays
    as it is, so that a file can be applied again. Nothing is done if a part of it cannot be done.

    Exit code 1 if something cannot be done, 2 if the file cannot be read.
    """
    from carnet.assembly.installation import open_installation
    from carnet.cli.planned import Planned

    with open_installation(Settings(**settings)) as installation:
        planned = Planned.of(installation, name)
        click.echo(planned.as_json() if output == "json" else planned.render())
        planned.refuse_impossible()
        if not dry_run:
            planned.carry_out(atomic=atomic)
            click.echo(f"Done: {planned.summary(done=True)}.", err=output == "json")
