"""`carnet backup`: every row of one moment in a file, beside a running server."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.base.whole_file import whole_file
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.progress import progress


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@installation_options
@told_plainly
def backup(file: Path, force: bool, **settings: Any) -> None:
    """Write the store of one moment to FILE, also while a server runs.

    The file restores into SQLite and PostgreSQL alike. Secrets in it are sealed; the master key that opens them is not
    in it: keep a copy of that at another place.
    """
    from carnet.assembly.state import open_state
    from carnet.cli.problem import naming

    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force replaces it.")
    with (
        open_state(Settings(**settings)) as state,
        progress("Backing up") as told,
        naming(file),
        whole_file(file.absolute()) as out,
    ):
        made = state.clock().isoformat(timespec="seconds")
        header = state.store.back_up(out, release=version("carnet"), made=made, told=told)
    click.echo(f"{file}: {header.rows} rows of revision {header.seq}. The master key is not in it: keep a copy of")
    click.echo(f"{state.settings.master_key} at another place.")
