"""`carnet reset`: removes an installation, to begin anew."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from carnet.assembly.running import without_server
from carnet.assembly.settings import Settings
from carnet.base.whole_file import drafts_of
from carnet.cli.options import installation_options, told_plainly
from carnet.store.faults import NotSetUp

_MADE_HERE = (
    "carnet.db",
    "carnet.db-wal",
    "carnet.db-shm",
    "carnet.db-journal",
    "directory.snapshot",
    "directory.snapshot.draft",
    "directory.snapshot.lock",
    "master.key",
    "master.key.new",
    "keys.seen",
    "public-url",
    "last-seen.json",
    "last-seen.lock",
    "last-seen.new",
    "server.lock",
)
_OLD_MASTER_KEYS = "master.key." + "[0-9a-f]" * 12
"""As `carnet keys rewrap` keeps them."""
_DIRECTORIES_MADE_HERE = ("audit", "tls")


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@installation_options
@told_plainly
def reset(yes: bool, **settings: Any) -> None:
    """Remove the installation: accounts, keys, logs and the master key.

    It refuses while a server runs on the directory. What Carnet did not make stays, and so does a master key at another
    place. A PostgreSQL database is not touched: drop it with its own tools.
    """
    configured = Settings(**settings)
    if configured.database_url:
        raise click.UsageError(
            "reset removes a data directory; a database at --database-url is dropped by its own tools."
        )
    directory = configured.data_dir
    found = [path for name in (*_MADE_HERE, *_DIRECTORIES_MADE_HERE) if (path := directory / name).exists()]
    found += sorted(directory.glob(_OLD_MASTER_KEYS))
    found += [draft for name in _MADE_HERE for draft in drafts_of(directory / name)]
    if not (directory / "carnet.db").exists():
        raise NotSetUp(configured.store_url)
    with without_server(directory):
        if not yes:
            click.echo(f"This removes {', '.join(path.name for path in found)} from {directory.absolute()}.")
            click.confirm("Nobody can bring it back. Go on?", abort=True)
        for path in found:
            _remove(path)
        (directory / "server.lock").unlink(missing_ok=True)
    left = sorted(path.name for path in directory.iterdir())
    if left:
        click.echo(f"The installation is gone; {directory} still has {', '.join(left)}.")
        return
    directory.rmdir()
    click.echo(f"The installation at {directory} is gone; carnet serve makes a new one.")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
