"""`carnet doctor`: looks for what keeps an installation from working, and says what to do about it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.running import last_endpoint
from carnet.assembly.settings import Settings, meant_variable, unknown_variables
from carnet.base.faults import Fault
from carnet.cli.mail import check_mail
from carnet.cli.options import installation_options, mail_options, setting, told_plainly
from carnet.keyring.errors import KeyringError
from carnet.store.faults import Damaged, Incompatible, NotSetUp

if TYPE_CHECKING:
    from carnet.assembly.state import State

_LEAST_FREE_BYTES = 500 * 1024 * 1024
_MOST_SKEW_SECONDS = 60
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has found. `way_out` says what to do; it is empty if nothing is wrong."""

    about: str
    told: str
    way_out: str = ""


@click.command()
@setting("host", "Address that the server listens on.")
@setting("port", "Port that the server listens on.", type=click.IntRange(0, 65535))
@mail_options
@installation_options
@told_plainly
def doctor(**given: Any) -> None:
    """Look at variables, port, clock, disk, permissions, keys, database and mail, and say what is wrong.

    Exit code 1 if something is.
    """
    settings = Settings(**given)
    findings = [finding for look in _LOOKS for finding in look(settings)]
    for finding in findings:
        mark = click.style("wrong", fg="red") if finding.way_out else click.style("ok   ", fg="green")
        click.echo(f"{mark}  {finding.about}: {finding.told}")
        if finding.way_out:
            click.echo(f"       {finding.way_out}")
    wrong = sum(bool(finding.way_out) for finding in findings)
    if wrong:
        raise click.ClickException(f"{wrong} of {len(findings)} are wrong.")


def _versions(_settings: Settings) -> Iterator[Finding]:
    yield Finding("versions", f"Carnet {version('carnet')}, Python {platform.python_version()}, {platform.system()}")


def _variables(_settings: Settings) -> Iterator[Finding]:
    unknown = unknown_variables(os.environ)
    for name in unknown:
        meant = meant_variable(name)
        told = f"{name} is no setting; did you mean {meant}?" if meant else f"{name} is no setting"
        yield Finding("variables", told, "carnet serve refuses it: see docs/settings.md.")
    if not unknown:
        yield Finding("variables", "every CARNET_ variable is a setting")


def _port(settings: Settings) -> Iterator[Finding]:
    address = f"{settings.host}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as problem:
            if _answers_as_carnet(settings):
                yield Finding("port", f"a Carnet server answers at {address}")
            else:
                yield Finding(
                    "port", f"{address}: {problem.strerror}", "End what listens there, or give --port and --host."
                )
            return
    yield Finding("port", f"{address} is free")


def _answers_as_carnet(settings: Settings) -> bool:
    """Whether what listens there speaks as Carnet does; one with TLS is known by what it has left in its directory."""
    from http.client import HTTPConnection, HTTPException

    from carnet.server.own_paths import HEALTH_PATH

    connection = HTTPConnection(settings.host, settings.port, timeout=2)
    try:
        connection.request("GET", HEALTH_PATH)
        return b'"status"' in connection.getresponse().read()
    except (HTTPException, OSError):
        told = last_endpoint(settings.data_dir) or ""
        return told.startswith("https:") and told.endswith(f":{settings.port}")
    finally:
        connection.close()


def _mail(settings: Settings) -> Iterator[Finding]:
    """Only of a server that is named; no mail is sent to it."""
    try:
        server = check_mail(settings)
    except click.UsageError as problem:
        yield Finding("mail", problem.message, "Name the mail server anew: see docs/settings.md.")
        return
    if server is None:
        return
    from carnet.mail.connection import MailProblem, connected

    try:
        with connected(server):
            pass
    except MailProblem as problem:
        yield Finding("mail", str(problem), "Until it takes mail, carnet sso user invite --mail is refused.")
    else:
        yield Finding("mail", f"{server.where} answers, and takes mail")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = _nearest_place(settings.data_dir)
    free = shutil.disk_usage(place).free
    told = f"{free // 1_048_576:,} MB are free at {place}"
    yield Finding(
        "disk", told, "" if free >= _LEAST_FREE_BYTES else "Make room: a full disk answers every call with 503."
    )


def _nearest_place(path: Path) -> Path:
    """The path, or what there is of the directories above it."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def _permissions(settings: Settings) -> Iterator[Finding]:
    place = _nearest_place(settings.data_dir)
    if place != settings.data_dir.absolute():
        yield from _may_use(place, os.W_OK | os.X_OK)
    directory = os.R_OK | os.W_OK | os.X_OK
    yield from _is_its_owners(settings.data_dir, directory)
    yield from _is_its_owners(settings.data_dir / "audit", directory)
    yield from _is_its_owners(settings.data_dir / "carnet.db", os.R_OK | os.W_OK)
    yield from _is_its_owners(settings.master_key, os.R_OK)


def _is_its_owners(path: Path, needed: int) -> Iterator[Finding]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    yield from _may_use(path, needed)
    if mode & _OTHERS:
        yield Finding("permissions", f"{path} has mode {mode:04o}", f"Others can reach it: {_close(path)}")
    else:
        yield Finding("permissions", f"{path} is its owner's alone")


def _may_use(path: Path, needed: int) -> Iterator[Finding]:
    """Whether who runs this may: a server that another user runs later is not known of."""
    if not os.access(path, needed):
        verb = "written" if needed & os.W_OK else "read"
        way_out = (
            f"Is its file system read-only? If not, be the user {_owner(path)}, who owns it, or give it to yourself."
        )
        yield Finding("permissions", f"{path} cannot be {verb} by you (user id {os.geteuid()})", way_out)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)


def _close(path: Path) -> str:
    return f"chmod go= {path}"


def _database(settings: Settings) -> Iterator[Finding]:
    """Opens the installation as every command does, which tells of the database and of the keys."""
    from carnet.assembly.state import open_state

    try:
        with open_state(settings) as state:
            yield Finding("database", f"{state.store.shown_url} answers, revision {state.store.revision().seq}")
            yield Finding("keys", f"{settings.master_key} opens {len(state.store.data_keys())} data keys")
            yield from _clock(state.store.clock(), state.clock())
            yield from _past(state)
    except NotSetUp as problem:
        yield Finding("database", str(problem), "carnet serve makes one; --data-dir or --database-url names another.")
    except KeyringError as problem:
        yield Finding("keys", str(problem), _way_to_keys(settings.master_key))
    except Damaged as problem:
        yield Finding("database", problem.message, "Move it away, and restore a backup: carnet restore FILE.")
    except (Fault, Incompatible, ValueError, OSError) as problem:
        yield Finding("database", str(problem), "Look at --database-url, and whether that server runs.")


def _way_to_keys(master_key: Path) -> str:
    if master_key.exists() and master_key.stat().st_mode & _OTHERS:
        return _close(master_key)
    return "Put the master key of this installation in its place: --master-key-file."


def _past(state: State) -> Iterator[Finding]:
    from carnet.assembly.last_seen import LastSeen
    from carnet.assembly.past import StoreWentBack, check_past

    try:
        check_past(state.store, LastSeen(state.settings.last_seen).read())
    except StoreWentBack as problem:
        yield Finding("database", str(problem), "Bring the right store back, or accept it: carnet restore --as-found")


def _clock(of_database: datetime, trusted: datetime) -> Iterator[Finding]:
    """`trusted` is the time that servers here go on from."""
    behind = trusted.timestamp() - time.time()
    if behind > _MOST_SKEW_SECONDS:
        told = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}, {behind:.0f} s behind what was seen here"
        way_out = "Set the clock. If it is right, stop the servers, carnet restore --as-found, and start them again."
        yield Finding("clock", told, way_out)
    skew = abs(time.time() - of_database.timestamp())
    told = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}, {skew:.0f} s from that of the database"
    wrong = skew > _MOST_SKEW_SECONDS
    yield Finding("clock", told, "Set the clocks by NTP: signatures are good for 15 minutes." if wrong else "")


_LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _versions,
    _variables,
    _port,
    _disk,
    _permissions,
    _database,
    _mail,
)
