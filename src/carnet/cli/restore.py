"""`carnet restore`: a backup becomes the state of an installation."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.progress import progress
from carnet.store.faults import BadBackup, Incompatible, NotEmpty

if TYPE_CHECKING:
    from datetime import datetime

    from carnet.keyring.data_keys import WrappedKey
    from carnet.store.backup import Header
    from carnet.store.store import Store


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--replace", is_flag=True, help="Replace the accounts that are there, with all that is in them.")
@click.option("--as-found", is_flag=True, help="Accept the store as it is, an earlier state of itself, without a FILE.")
@installation_options
@told_plainly
def restore(file: Path | None, replace: bool, as_found: bool, **settings: Any) -> None:
    """Put the backup FILE into the store, whole or not at all, also while servers run.

    What was removed after the backup was made is there again: keys and users too. Changes that it lacks
    are listed, as far as the audit log here tells of them. Sessions that were given out before are good no longer.
    """
    configured = Settings(**settings)
    if (file is None) != as_found:
        raise click.UsageError("Give a FILE, or --as-found for a store that was put in its place by other means.")
    if file is None:
        _accept(configured)
    else:
        _restore(configured, file, replace=replace)


def _accept(configured: Settings) -> None:
    from carnet.assembly.last_seen import LastSeen
    from carnet.assembly.past import ACCEPTED
    from carnet.assembly.seen_keys import forget_seen
    from carnet.assembly.state import open_state, system_clock
    from carnet.services.operator_event import operator_event

    forget_seen(configured)
    with open_state(configured) as state:
        now = system_clock()
        event = operator_event(ACCEPTED, {"revision": state.store.revision().seq}, now)
        standing = state.store.accept(now, event)
        LastSeen(configured.last_seen).accept(standing)
        click.echo(f"Accepted {state.store.shown_url} as it is, at revision {standing.revision.seq}.")
        _tell_what_is_lost(configured, state.store)


def _tell_what_is_lost(configured: Settings, store: Store) -> None:
    from carnet.assembly.past import lost_changes
    from carnet.audit.logs import FileLog

    lost = lost_changes(store, FileLog(configured.audit_file))
    if lost:
        click.echo("The audit log tells of changes that it lacks; make those again that took something away:")
        for line in lost:
            click.echo(f"  {line}")


def _restore(configured: Settings, file: Path, *, replace: bool) -> None:
    from carnet.assembly.last_seen import LastSeen
    from carnet.assembly.seen_keys import forget_seen
    from carnet.store.store import Store

    if not configured.database_url:
        configured.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        header = _restore_file(configured, file, replace=replace)
    except (BadBackup, Incompatible) as problem:
        raise click.ClickException(f"{file}: {problem} Nothing was changed.") from problem
    except NotEmpty as problem:
        raise click.ClickException(f"{problem} --replace replaces them; --data-dir names another place.") from problem
    forget_seen(configured)
    click.echo(f"Restored {header.rows} rows of revision {header.seq}, made {header.made} by Carnet {header.release}.")
    with closing(Store.open(configured.store_url, create=False)) as store:
        if configured.data_dir.is_dir():
            LastSeen(configured.last_seen).accept(store.standing())
        _tell_what_is_lost(configured, store)
    if not configured.master_key.exists():
        click.echo(f"Put the master key of that installation at {configured.master_key} before the server starts.")


def _restore_file(configured: Settings, file: Path, *, replace: bool) -> Header:
    """What the backup says of itself, once it is in the store and the audit log tells of that."""
    from carnet.assembly.past import RESTORED
    from carnet.assembly.state import log_at, recorder_of, system_clock
    from carnet.services.operator_event import operator_event
    from carnet.store.audit_log import Audited
    from carnet.store.store import Store

    now = system_clock()

    def audit(header: Header) -> Audited:
        said = {"revision": header.seq, "made": header.made, "release": header.release, "rows": header.rows}
        return Audited(operator_event(RESTORED, said | {"replace": replace}, now), recorder)

    with (
        file.open("rb") as packed,
        closing(recorder_of(configured, log_at(configured, configured.audit_file), system_clock)) as recorder,
        progress("Restoring") as told,
    ):
        return Store.restore(
            configured.store_url,
            packed,
            replace=replace,
            check_keys=partial(_check_keys, configured, now),
            told=told,
            now=now,
            audit=audit,
        )


def _check_keys(configured: Settings, now: datetime, keys: tuple[WrappedKey, ...]) -> None:
    """Raises KeyringError if there is a master key, and it is that of another installation.

    A purpose that is newer than the backup has no key in it; a server makes it when it opens the store.
    """
    from carnet.assembly.master_key_files import read_master_keys
    from carnet.keyring.data_keys import new_data_keys
    from carnet.keyring.master_keys import MasterKeys

    if configured.master_key.exists() or configured.next_master_key.exists():
        masters = MasterKeys(partial(read_master_keys, configured))
        masters.opening((*keys, *new_data_keys(masters.for_more(keys), now=now, present=keys)))
