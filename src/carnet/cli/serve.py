"""`carnet serve`: the server."""

from __future__ import annotations

import logging
import os
import shlex
import socket
import ssl
import sys
from contextlib import ExitStack, nullcontext
from errno import EADDRINUSE
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.core_dumps import forbid_core_dumps
from carnet.assembly.public_url import change_of_public_url, listening_url, public_url
from carnet.assembly.running import as_server
from carnet.assembly.settings import Settings, UnknownSetting, as_environment, check_environment
from carnet.base.loopback import is_loopback_host
from carnet.cli.collector import collector_paused
from carnet.cli.dev_mode import WARNING, apply_seed, check_dev_mode, dev_greeting
from carnet.cli.exports import export_lines
from carnet.cli.health import authority
from carnet.cli.mail import check_mail
from carnet.cli.options import (
    checkpoints_place,
    installation_options,
    limits,
    mail_options,
    quotas,
    setting,
    told_plainly,
    upstreams,
    url,
)
from carnet.cli.upstreams import check_upstreams, tell_upstreams
from carnet.entities.new_buckets import NewBuckets
from carnet.identity.session_lifetime import SessionLifetime
from carnet.server.listening.stop_signals import StopSignals, ended_by_signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from carnet.assembly.installation import Installation
    from carnet.gateway.upstreams.configured import UpstreamSettings
    from carnet.server.aws_frontend import AwsFrontend
    from carnet.services.accounts import RootKey

# The server is imported when the command is run: neither help nor completion needs it.

_LOG = logging.getLogger("carnet")

_DAYS = click.IntRange(1, 36_500)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@setting("host", "Address to listen on.")
@setting("port", "Port to listen on.", type=click.IntRange(0, 65535))
@setting("public_url", "URL that clients use.  [default: made of host and port]", type=url)
@setting("workers", "Worker processes on the one port.", type=click.IntRange(1, 64))
@setting("tls", "Make a certificate for development.", type=click.Choice(["self-signed"]))
@setting("tls_cert", "Certificate chain, PEM.", type=_FILE)
@setting("tls_key", "Private key of the certificate, PEM.", type=_FILE)
@setting("insecure", "Serve plain HTTP on an address that is not loopback.", is_flag=True)
@setting(
    "session_lifetime",
    "How long a session lives that was made with a session: up to its own hour, or no longer than its parent.",
    type=click.Choice(SessionLifetime, case_sensitive=False),
)
@setting(
    "session_max_staleness",
    "Seconds after which a server that cannot follow its store gives out no more sessions; 0 for never.",
    type=click.IntRange(0, 30 * 86_400),
)
@setting("quotas", "What accounts may have instead of AWS's quotas, as users=10000,roles=5000.", type=quotas)
@setting(
    "limits",
    "How often accounts and strangers may call: default, aws, off, and figures, as reads=400:1000."
    "  [default: default, off with --dev]",
    type=limits,
)
@setting("oidc_keys_file", "Keys of OpenID Connect issuers that are not to be asked for them, JSON.", type=_FILE)
@setting("oidc_ca_file", "Certificate authorities of issuers, beside the system's, PEM.", type=_FILE)
@setting("oidc_networks", "Networks that issuers may be in beside the public ones: 10.0.0.0/8,fd00::/8.")
@setting(
    "fido_metadata_file",
    "What the FIDO Metadata Service tells of security keys, for iam:FIDO-certification.",
    type=_FILE,
)
@mail_options
@setting(
    "upstream",
    "A service behind the gateway: moto=http://127.0.0.1:5000. May be given several times.",
    metavar="NAME=URL",
    multiple=True,
    callback=upstreams,
)
@setting("upstreams", "File that describes services behind the gateway, JSON or YAML.", type=_FILE)
@setting(
    "s3_new_buckets",
    "Whether buckets are made as AWS makes them, or as before 2023.",
    type=click.Choice(NewBuckets, case_sensitive=False),
)
@setting("change_log_retention_days", "Days for which the change log is kept.", type=_DAYS)
@setting("audit_retention_days", "Days for which audit events and decisions are kept.", type=_DAYS)
@setting(
    "password_hash_kib",
    "Memory for one hash of a password, in KiB; less is for tests.",
    type=click.IntRange(8, 4 * 1024 * 1024),
)
@setting(
    "audit_checkpoints",
    "Where signed checkpoints of the audit log go, beside its own directory: a file, or syslog://HOST:PORT.",
    type=checkpoints_place,
    metavar="[PATH|URL]",
)
@setting(
    "disk_floor_megabytes",
    "Room that the disk of the data directory must have for changes to be made; 0: no such limit.",
    type=click.IntRange(0, 1_000_000_000),
)
@setting("decision_log_megabytes", "Size up to which decisions are kept.", type=click.IntRange(1, 1_000_000))
@setting(
    "snapshot_max_age_minutes",
    "How old the kept snapshot may be for a start while the database is down; 0: no such start.",
    type=click.IntRange(0, 1_000_000),
)
@setting("quiet", "Print no line for each call.", is_flag=True)
@setting(
    "log_format",
    "Of the server's log and of the line for each call, which is printed on a terminal or if this is given."
    "  [default: text on a terminal, else json]",
    type=click.Choice(("text", "json", "")),
    metavar="[text|json]",
)
@setting("dev", "Keep everything in memory, with an account and a root key that are always the same.", is_flag=True)
@setting("seed", "File to apply to what --dev has made, as by carnet apply.", type=_FILE)
@setting("dev_account_id", "Id of the account that --dev makes.")
@setting("dev_access_key_id", "Id of its root access key.")
@setting("dev_secret_access_key", "Secret of its root access key.")
@setting("dev_operator_token", "Operator token with all scopes that --dev makes.  [default: none]")
@installation_options
@click.pass_context
@told_plainly
def serve(context: click.Context, **given: Any) -> None:
    """Start the server; on the first start, make the first account and show its root key once."""
    _check_variables()
    settings = Settings(**given)
    check_dev_mode(settings, context, loopback=is_loopback_host(settings.host))
    _check_transport(settings)
    _check_issuers(settings)
    _check_metadata(settings)
    check_mail(settings)
    upstreams = check_upstreams(settings)
    forbid_core_dumps()
    with ended_by_signals() as signals:
        _serve(settings, upstreams, signals)
    after_the_terminals_sign = "\n" if sys.stderr.isatty() else ""
    click.echo(f"{after_the_terminals_sign}Carnet has stopped.", err=True)


def _serve(settings: Settings, upstreams: tuple[UpstreamSettings, ...], signals: StopSignals) -> None:
    with collector_paused():
        from carnet.cli.self_signed_tls import how_to_trust, with_certificate
        from carnet.server.listening.listen import listen

    settings = with_certificate(settings)
    # INVARIANT: the address is taken before an account is made: the key that is shown once is of a server that starts.
    with _bind(settings) as listening:
        port = listening.getsockname()[1]
        endpoint, address = public_url(settings, port=port), listening_url(settings, port=port)
        with nullcontext() if settings.dev else as_server(settings.data_dir, endpoint, address):
            with collector_paused():
                application = _set_up(settings, endpoint)
            tell_upstreams(upstreams)
            if settings.tls:
                click.echo(how_to_trust(settings))
            listen(
                application,
                listening,
                workers=settings.workers,
                tls_cert=settings.tls_cert,
                tls_key=settings.tls_key,
                log_format=settings.log_format or ("text" if sys.stderr.isatty() else "json"),
                asked_to_stop=signals.only_noted(),
            )


def _set_up(settings: Settings, endpoint: str) -> Callable[[], AwsFrontend] | str:
    """Open the installation, make the first account if there is none, and print the greeting.

    Gives what makes the application; an installation in memory goes along with it, another is opened by each worker.
    """
    from carnet.assembly.installation import first_account, known_operator_token, open_installation

    with ExitStack() as stack:
        installation = stack.enter_context(open_installation(settings, create=True, or_kept=True))
        if not settings.dev and installation.store.is_open:
            _check_past(installation)
        root = first_account(installation)
        if settings.dev:
            from carnet.assembly.worker import make_frontend  # what each worker imports by itself otherwise

            seeded = apply_seed(installation, settings.seed)
            known_operator_token(installation)
            _LOG.warning(WARNING)
            click.echo(dev_greeting(settings, endpoint, seeded))
            return partial(make_frontend, installation, stack.pop_all())
        greeting = _greeting(endpoint, installation, root)
    _warn_of_change(settings)
    click.echo(greeting)
    os.environ.update(as_environment(settings))
    return "carnet.assembly.worker:application"


def _check_past(installation: Installation) -> None:
    """Refuse to serve a store that has lost what was acknowledged, unless it was restored; say what is missing."""
    from carnet.assembly.last_seen import LastSeen
    from carnet.assembly.past import StoreWentBack, check_past, lost_changes, was_restored

    memory = LastSeen(installation.settings.last_seen)
    seen = memory.read()
    try:
        check_past(installation.store, seen)
    except StoreWentBack as problem:
        lines = "".join(f"\n  {line}" for line in lost_changes(installation.store, installation.audit_log))
        told = f" The audit log tells of:{lines}\n" if lines else " "
        raise click.ClickException(
            f"{problem}.{told}Bring the right store back, or accept this one: carnet restore --as-found"
        ) from problem
    if was_restored(installation.store, seen):
        lost = lost_changes(installation.store, installation.audit_log)
        for line in lost or ("nothing that the audit log of this node tells of",):
            _LOG.warning("the store was restored, and lacks: %s", line)
    memory.accept(installation.store.standing())


def _check_variables() -> None:
    """A misspelled variable must not go unnoticed by what serves for months."""
    try:
        check_environment(os.environ)
    except UnknownSetting as problem:
        raise click.UsageError(str(problem)) from problem


def _bind(settings: Settings) -> socket.socket:
    from carnet.server.listening.listen import bind

    try:
        return bind(settings.host, settings.port)
    except OSError as problem:
        address = authority(settings.host, settings.port)
        way_out = " --port names another port." if problem.errno == EADDRINUSE else ""
        raise click.ClickException(f"Cannot listen on {address}: {problem.strerror}.{way_out}") from problem


def _warn_of_change(settings: Settings) -> None:
    former = change_of_public_url(settings)
    if former is not None:
        now = settings.public_url or "made of host and port"
        click.echo(f"Warning: --public-url was {former} and is {now}: what is bound to it must be renewed.", err=True)


def _check_transport(settings: Settings) -> None:
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    if settings.tls and settings.tls_cert is not None:
        raise click.UsageError("--tls self-signed makes a certificate; --tls-cert brings one.")
    if settings.tls_cert is not None and settings.tls_key is not None:
        _check_certificate(settings.tls_cert, settings.tls_key)
    if settings.tls or settings.tls_cert is not None or is_loopback_host(settings.host):
        return
    if not settings.insecure:
        raise click.UsageError(
            f"{settings.host} is not a loopback address: give --tls-cert and --tls-key, "
            "--tls self-signed for development, or --insecure to send secrets in the clear."
        )
    _LOG.warning("serving plain HTTP on %s because of --insecure", settings.host)


def _check_issuers(settings: Settings) -> None:
    if not (settings.oidc_keys_file or settings.oidc_ca_file or settings.oidc_networks):
        return
    from carnet.assembly.issuers import check_issuers

    try:
        check_issuers(settings)
    except (OSError, ValueError) as problem:
        raise click.UsageError(f"--oidc-keys-file, --oidc-ca-file or --oidc-networks: {problem}") from problem


def _check_metadata(settings: Settings) -> None:
    if settings.fido_metadata_file is None:
        return
    from carnet.identity.fido_metadata import read_metadata

    try:
        read_metadata(settings.fido_metadata_file)
    except (OSError, ValueError) as problem:
        raise click.UsageError(f"--fido-metadata-file: {problem}") from problem


def _check_certificate(certificate: Path, key: Path) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except ssl.SSLError as problem:
        raise click.ClickException(
            f"{certificate} and {key} are not a certificate and its key, both in PEM"
            + (f": {problem.reason}." if problem.reason else ".")
        ) from problem


def _greeting(endpoint: str, installation: Installation, root: RootKey | None) -> str:
    if root is None:
        accounts = _accounts(installation)
        return (
            f"{_listens(endpoint, installation.settings)}\n"
            f"Accounts: {', '.join(accounts[:5])}{', ...' if len(accounts) > 5 else ''}\n"
            f"A lost root key is replaced by: {_replacing_command(accounts[0], installation)}"
        )
    return (
        f"{_listens(endpoint, installation.settings)}\n"
        f"It has made account {root.account} with its root user. The root access key is shown this once;\n"
        f"a lost one is replaced by: {_replacing_command(root.account, installation)}\n\n"
        f"{export_lines(endpoint, root.access_key_id, root.secret_access_key)}\n"
    )


def _listens(endpoint: str, settings: Settings) -> str:
    everywhere = settings.host in ("0.0.0.0", "::")  # noqa: S104 - said of it, not listened on
    return f"Carnet listens at {endpoint}{', and on every address of this machine' if everywhere else ''}"


def _accounts(installation: Installation) -> list[str]:
    """The ids of the accounts, the one that was made first before all others."""
    accounts = [view.account for view in installation.directory.snapshot.accounts.values()]
    return [account.id for account in sorted(accounts, key=lambda account: (account.created, account.id))]


def _replacing_command(account: str, installation: Installation) -> str:
    """The command that replaces a root key of this installation. A password in the store's URL is left out."""
    settings, default = installation.settings, Settings()
    named = {
        "--data-dir": settings.data_dir if settings.data_dir != default.data_dir else None,
        "--database-url": installation.store.shown_url if settings.database_url else None,
        "--master-key-file": settings.master_key_file,
    }
    options = [word for flag, value in named.items() if value is not None for word in (flag, str(value))]
    return shlex.join(["carnet", "account", "root-key", account, *options])
