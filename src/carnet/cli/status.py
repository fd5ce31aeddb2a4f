"""`carnet status`: is a server running, and does it follow its store?"""

from __future__ import annotations

import json
import os
from typing import Any

import click

from carnet.assembly.settings import variable
from carnet.base.bounded_json import loads
from carnet.cli.endpoint import api_at
from carnet.cli.health import HEALTHY, health
from carnet.cli.options import setting, told_plainly
from carnet.server.own_paths import HEALTH_PATH

_TLS_VARIABLES = (variable("tls"), variable("tls_cert"))


@click.command()
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@setting("host", "Address that the server listens on.")
@setting("port", "Port that the server listens on.", type=click.IntRange(1, 65535))
@click.option(
    "--tls/--no-tls",
    default=lambda: any(map(os.environ.get, _TLS_VARIABLES)),
    help=f"The server speaks TLS.  [default: whether {' or '.join(_TLS_VARIABLES)} is set]",
)
@click.option(
    "--endpoint-url",
    help="Ask for the status at this URL, as the operator of CARNET_OPERATOR_TOKEN, who is told the number of "
    "accounts, or with the AWS_ credentials of the environment.  [default: the page that anybody may ask for]",
)
@told_plainly
def status(output: str, host: str, port: int, tls: bool, endpoint_url: str | None) -> None:
    """Ask a running server how it is; exit code 1 if none answers, or its store is lost."""
    if endpoint_url is not None:
        _show(api_at(endpoint_url).get("status", {}, status=str, revision=int), output)
        return
    try:
        code, body = health(host, port, tls=tls)
        told = _object(body)
    except (OSError, ValueError) as problem:
        url = f"{'https' if tls else 'http'}://{host}:{port}{HEALTH_PATH}"
        hint = "carnet serve starts one; --host, --port and --tls say where to ask."
        raise click.ClickException(f"No server answers at {url}: {problem}. {hint}") from problem
    _show(told, output)
    if code != HEALTHY:
        raise click.exceptions.Exit(1)


def _object(body: bytes) -> dict[str, Any]:
    """Raises ValueError for what a Carnet server does not answer."""
    told = loads(body)
    if not isinstance(told, dict):
        raise ValueError("what answers is no Carnet server")
    return told


def _show(told: dict[str, Any], output: str) -> None:
    click.echo(json.dumps(told) if output == "json" else _lines(told))


def _lines(told: dict[str, Any]) -> str:
    width = max(9, *map(len, told)) + 1
    return "\n".join(f"{name + ':':<{width}} {value}" for name, value in told.items())
