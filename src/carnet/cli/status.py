"""`carnet status`: is a server running, and does it follow its store?"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from carnet.assembly.running import last_address
from carnet.assembly.settings import variable
from carnet.base.bounded_json import loads
from carnet.cli.endpoint import api_at
from carnet.cli.health import HEALTHY, authority, health
from carnet.cli.options import data_dir_option, setting, told_plainly
from carnet.server.own_paths import HEALTH_PATH

_ADDRESS = ("host", "port", "tls")
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
@data_dir_option
@told_plainly
def status(output: str, endpoint_url: str | None, data_dir: Path, **address: Any) -> None:
    """Ask a running server how it is; exit code 1 if none answers, or its store is lost.

    Without --host, --port and --tls, and their variables, it asks where the last server of the data directory listens.
    """
    if endpoint_url is not None:
        _show(api_at(endpoint_url).get("status", {}, status=str, revision=int), output)
        return
    host, port, tls = _where_to_ask(data_dir, **address)
    try:
        code, body = health(host, port, tls=tls)
        told = _object(body)
    except (OSError, ValueError) as problem:
        url = f"{'https' if tls else 'http'}://{authority(host, port)}{HEALTH_PATH}"
        hint = "carnet serve starts one; --data-dir, or --host, --port and --tls, say where to ask."
        raise click.ClickException(f"No server answers at {url}: {problem}. {hint}") from problem
    _show(told, output)
    if code != HEALTHY:
        raise click.exceptions.Exit(1)


def _where_to_ask(data_dir: Path, *, host: str, port: int, tls: bool) -> tuple[str, int, bool]:
    """Host, port and whether the server there speaks TLS."""
    context = click.get_current_context()
    # That of --tls is the default, too, if its variables are set.
    given = tls or any(context.get_parameter_source(name) is not ParameterSource.DEFAULT for name in _ADDRESS)
    told = None if given else last_address(data_dir)
    if told is None:
        # INVARIANT: of a directory that is named, another one's server is no answer.
        if not given and context.get_parameter_source("data_dir") is not ParameterSource.DEFAULT:
            raise click.ClickException(
                f"No server has run on {data_dir}. carnet serve starts one; --host, --port and --tls say where to ask."
            )
        return host, port, tls
    url = urlsplit(told)
    return url.hostname or host, url.port or (443 if url.scheme == "https" else 80), url.scheme == "https"


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
