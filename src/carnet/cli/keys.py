"""`carnet keys`: data keys and the master key are replaced while servers run."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.base.timestamps import iso_seconds
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.keyring.data_keys import Purpose, WrappedKey

if TYPE_CHECKING:
    from carnet.assembly.state import State
    from carnet.identity.resealing import Resealing
    from carnet.keyring.master_key import MasterKey

# What opens the store is imported when a command is run: neither help nor completion needs SQL.

_LOOK_SECONDS = 1.0
_TOLD_AFTER = 20
"""After how many looks without a change it is said what is waited for."""
_NODES_SECONDS = 40.0
"""How long running servers are waited for: they look every ten seconds."""


@click.group(cls=CommandGroup)
def keys() -> None:
    """Look at the keys that secrets are sealed with, and replace them, the master key too, while servers run."""


@keys.command()
@installation_options
@told_plainly
def status(**settings: Any) -> None:
    """List the data keys: purpose, name, number, state, and since when.

    It says too which running servers a rotation waits for.
    """
    from carnet.assembly.state import open_state
    from carnet.services.key_rotation import is_rotating, keys_of

    with open_state(Settings(**settings)) as state:
        every, live = state.store.data_keys(), state.store.nodes.live()
        master, _ = state.masters.opening(every)
    click.echo(f"master key {master.id}; running servers: {len(live)}")
    for key in sorted(every, key=lambda each: (each.purpose, each.number)):
        since = iso_seconds(key.retired or key.created)
        click.echo(f"{key.purpose:<24}  {key.kid}  {key.number:>3}  {key.state:<8}  {since}")
    rotating = [purpose for purpose in Purpose if is_rotating(keys_of(every, purpose))]
    if rotating:
        click.echo(f"Rotating: {', '.join(rotating)}. Running servers go on with it; carnet keys rotate does, too.")


@keys.command()
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    type=click.Choice([purpose.value for purpose in Purpose]),
    metavar="PURPOSE",
    help=f"Only the key of this purpose; may be given several times: {', '.join(Purpose)}.  [default: all]",
)
@installation_options
@told_plainly
def rotate(purposes: tuple[str, ...], **settings: Any) -> None:
    """Replace data keys, and seal with the new ones what was sealed with the old ones.

    Nothing waits for it, and it may be interrupted: running servers end it, and so does this command if it is run
    again. At the end the old keys open nothing any more, but for sessions and messages that callers hold, for 37 hours.
    """
    from carnet.assembly.state import open_state
    from carnet.services.key_rotation import stage_data_keys

    with open_state(Settings(**settings)) as state:
        chosen = [Purpose(each) for each in purposes] or list(Purpose)
        added = stage_data_keys(state.store, state.masters, chosen, state.clock())
        for key in added:
            click.echo(f"{key.purpose}: {key.kid}, number {key.number}, is staged")
        for key in _rotate_all(state, chosen):
            click.echo(f"{key.purpose}: {key.kid}, number {key.number}, is {key.state}")


@keys.command()
@installation_options
@told_plainly
def rewrap(**settings: Any) -> None:
    """Replace the master key: the data keys are wrapped with the one at `<master key file>.new`.

    It is made if it is not there. On other machines it must be beside their master key before: servers read it within
    ten seconds, which is waited for. Then it takes the place of the old one, which is kept under the name of its id:
    backups from before need it.
    """
    from carnet.assembly.state import open_state
    from carnet.keyring.master_key import load_or_create
    from carnet.services.key_rotation import rewrap_data_keys

    configured = Settings(**settings)
    with open_state(configured) as state:
        old, _ = state.masters.opening(state.store.data_keys())
        new = load_or_create(configured.next_master_key)
        state.masters.refresh()
        wrapped = _once_servers_have_it(lambda: rewrap_data_keys(state.store, state.masters, new, state.clock()))
    click.echo(f"{wrapped} data keys are wrapped with master key {new.id}." if wrapped else "They were wrapped before.")
    _put_in_place(configured, old)


def _rotate_all(state: State, purposes: list[Purpose]) -> Iterator[WrappedKey]:
    """Rotate as far as running servers allow, again and again, until it is done; gives each key whose state changes."""
    from carnet.identity.resealing import Resealing
    from carnet.services.key_rotation import is_rotating, keys_of

    job = Resealing(store=state.store, masters=state.masters, keyring=state.keyring, clock=state.clock)
    holder, seen, waits = secrets.token_hex(8), state.store.data_keys(), 0
    while True:
        _take_turn(job, holder)
        now = state.store.data_keys()
        known = {key.kid: key.state for key in seen}
        changed = [key for key in now if known.get(key.kid) is not key.state]
        yield from changed
        if not any(is_rotating(keys_of(now, purpose)) for purpose in purposes):
            return
        waits = 0 if changed else waits + 1
        if waits == _TOLD_AFTER:
            click.echo("Waiting for running servers to report the new keys. They go on without this command.", err=True)
        seen = now
        time.sleep(_LOOK_SECONDS)


def _take_turn(job: Resealing, holder: str) -> None:
    """Do what can be done now, unless a server does it."""
    from carnet.identity.resealing import RESEALING
    from carnet.store.leases import LeaseLost

    lease = job.store.leases.take(RESEALING, holder)
    if lease is None:
        return
    try:
        for _ in job.steps(lease):
            pass
    except LeaseLost:
        return
    finally:
        job.store.leases.release(lease)


def _once_servers_have_it(rewrap_all: Callable[[], int]) -> int:
    from carnet.services.key_rotation import NodesAreBehind

    deadline = time.monotonic() + _NODES_SECONDS
    while True:
        try:
            return rewrap_all()
        except NodesAreBehind:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_SECONDS)


def _put_in_place(settings: Settings, old: MasterKey) -> None:
    """Let the next master key be the present one. At every moment one of both files opens the store."""
    present, following = settings.master_key, settings.next_master_key
    kept = present.with_name(f"{present.name}.{old.id}")
    try:
        with suppress(FileExistsError, FileNotFoundError):
            os.link(present, kept)
        following.replace(present)
    except OSError as problem:
        told = f"{present} cannot be replaced ({problem.strerror}): put {following} in its place by hand."
        raise click.ClickException(told) from problem
    click.echo(f"{present} is the new master key. {kept} is the old one, which backups from before need.")
    click.echo("On other machines, put the new one in place of the old one; their servers go on with either.")
