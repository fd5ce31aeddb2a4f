"""`carnet gateway`: the services behind it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from carnet.cli.endpoint import api_at
from carnet.cli.groups import CommandGroup
from carnet.cli.options import told_plainly
from carnet.cli.shown import text_or_json_option

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

    from carnet.gateway.upstreams.configured import UpstreamProblem, check_name, checked_url, key_in
    from carnet.gateway.upstreams.probe.measure import MEASURABLE, measured
    from carnet.gateway.upstreams.profile import written
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


_ENDPOINT = click.option(
    "--endpoint-url",
    envvar="AWS_ENDPOINT_URL",
    default="http://127.0.0.1:4747",
    show_default=True,
    show_envvar=True,
    help="The server that is asked, as the operator of CARNET_OPERATOR_TOKEN.",
)


@gateway.command()
@text_or_json_option
@_ENDPOINT
@told_plainly
def status(output: str, endpoint_url: str) -> None:
    """Show each upstream: its mode, its services, its buckets, and whether it answers; exit code 1 if one does not.

    The token needs the scope status:read.
    """
    upstreams = api_at(endpoint_url).get("gateway", {}, upstreams=list)["upstreams"]
    if output == "json":
        click.echo(json.dumps({"upstreams": upstreams}, indent=2))
    else:
        click.echo(
            "\n".join(map(_render_upstream, upstreams)) or "There is no upstream: carnet serve --upstream names one."
        )
    if not all(one["reachable"] for one in upstreams):
        raise click.exceptions.Exit(1)


def _render_upstream(one: Mapping[str, Any]) -> str:
    answers = "answers" if one["reachable"] else "does not answer"
    pending = f", not settled: {', '.join(one['pendingBuckets'])}" if one["pendingBuckets"] else ""
    head = f"{one['name']}  {one['url']}  {answers}, mode {one['mode']}, {one['buckets']} buckets{pending}"
    return f"{head}\n  {', '.join(one['services'])}"


@gateway.command()
@click.option("--upstream", required=True, help="The store that has the buckets.")
@click.option("--account", required=True, help="Id of the account that is to own them.")
@click.argument("buckets", nargs=-1, metavar="[BUCKET]...")
@text_or_json_option
@_ENDPOINT
@told_plainly
def adopt(upstream: str, account: str, buckets: tuple[str, ...], output: str, endpoint_url: str) -> None:
    """Make buckets that a store has already those of an account; all of them if none is named. It may be repeated.

    They are as new ones are: no policy, no public access. The token needs the scope gateway:write.
    """
    given = {"upstream": upstream, "buckets": list(buckets)}
    told = api_at(endpoint_url).post(
        f"accounts/{quote(account, safe='')}/adopted-buckets", given, adopted=list, already=list, refused=dict
    )
    if output == "json":
        click.echo(json.dumps(told, indent=2))
    else:
        lines = [f"{name}  adopted" for name in told["adopted"]]
        lines += [f"{name}  is the account's already" for name in told["already"]]
        lines += [f"{name}  refused: {why}" for name, why in told["refused"].items()]
        click.echo("\n".join(lines) or f"{upstream} has no bucket.")
    if told["refused"]:
        raise click.exceptions.Exit(1)


def _tell(text: str) -> None:
    click.echo(f"not done: {text}", err=True)
