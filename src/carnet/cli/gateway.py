"""`carnet gateway`: the services behind it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from carnet.cli.groups import CommandGroup
from carnet.cli.options import told_plainly

# What asks an upstream is imported when a command is run: neither help nor completion needs it.


@click.group("gateway", cls=CommandGroup)
def gateway() -> None:
    """Look at the services behind the gateway: measure one, ask how they are, adopt the buckets of a store."""


@gateway.command()
@click.argument("url")
@click.option(
    "--name",
    default="upstream",
    show_default=True,
    help="Its name: its key comes from CARNET_UPSTREAM_<NAME>_ACCESS_KEY_ID and _SECRET_ACCESS_KEY.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    default=("s3",),
    show_default=True,
    help="What to measure, by the name of boto3's client; may be given several times. Others than s3 make things with "
    "made-up names there: measure emulators only.",
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where to write it. [default: stdout]")
@told_plainly
def probe(url: str, name: str, services: tuple[str, ...], output: Path | None) -> None:
    """Measure what the upstream at URL really does, and write a profile for an upstreams file.

    Amazon S3 is measured in buckets of the probe's own, which it empties and deletes.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from carnet.gateway.probe.measure import MEASURABLE, measured
    from carnet.gateway.profile import written
    from carnet.gateway.upstreams import UpstreamProblem, check_name, checked_url, key_in
    from carnet.sigv4.signing import SigningCredentials

    unknown = sorted(set(services) - set(MEASURABLE))
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: there are {', '.join(MEASURABLE)}", param_hint="--service")
    try:
        check_name(name)
        url = checked_url(name, url)
        key = key_in(os.environ, name)
    except UpstreamProblem as problem:
        raise click.UsageError(str(problem)) from problem
    credentials = SigningCredentials(access_key_id=key[0], secret_access_key=key[1]) if key is not None else None
    try:
        profile = measured(url, credentials, services, name, lambda: datetime.now(UTC), _tell)
    except (ClientError, BotoCoreError, OSError) as problem:
        raise click.ClickException(f"{url} cannot be measured: {problem}") from problem
    if output is None:
        click.echo(written(profile), nl=False)
        return
    try:
        output.write_text(written(profile), "utf-8")
    except OSError as problem:
        raise click.ClickException(f"{output}: {problem.strerror}") from problem
    for service, operations in sorted(profile.operations.items()):
        click.echo(f"{service}: {len(operations)} operations", err=True)


def _tell(text: str) -> None:
    click.echo(f"not done: {text}", err=True)
