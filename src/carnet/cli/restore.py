"""`carnet restore`: a backup becomes the state of an installation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.progress import progress
from carnet.store.faults import BadBackup, Incompatible, NotEmpty

if TYPE_CHECKING:
    from carnet.keyring.data_keys import WrappedKey


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Replace the accounts that are there, with all that is in them.")
@installation_options
@told_plainly
def restore(file: Path, replace: bool, **settings: Any) -> None:
    """Put the backup FILE into the store, whole or not at all, also while servers run.

    What was removed after the backup was made is there again: keys and users too.
    """
    from carnet.store.store import Store

    configured = Settings(**settings)
    if not configured.database_url:
        configured.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)

    def check_keys(keys: tuple[WrappedKey, ...]) -> None:
        _check_keys(configured.master_key, keys)

    try:
        with file.open("rb") as packed, progress("Restoring") as told:
            header = Store.restore(configured.store_url, packed, replace=replace, check_keys=check_keys, told=told)
    except (BadBackup, Incompatible) as problem:
        raise click.ClickException(f"{file}: {problem} Nothing was changed.") from problem
    except NotEmpty as problem:
        raise click.ClickException(f"{problem} --replace replaces them; --data-dir names another place.") from problem
    click.echo(f"Restored {header.rows} rows of revision {header.seq}, made {header.made} by Carnet {header.release}.")
    if not configured.master_key.exists():
        click.echo(f"Put the master key of that installation at {configured.master_key} before the server starts.")


def _check_keys(path: Path, keys: tuple[WrappedKey, ...]) -> None:
    """Raises KeyringError if there is a master key, and it is that of another installation."""
    from carnet.keyring.keyring import Keyring
    from carnet.keyring.master_key import load

    if path.exists():
        Keyring.unwrap(load(path), keys)
