"""`carnet status`: is a server running, and does it follow its store?"""

from __future__ import annotations

import json
import os
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

import click

from carnet.assembly.settings import variable
from carnet.cli.endpoint import api_at
from carnet.cli.options import setting, told_plainly
from carnet.server.own_paths import HEALTH_PATH

_SECONDS = 5
_MOST_BYTES = 1024 * 1024
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
        code, body = _health(host, port, tls=tls)
        told = _object(body)
    except (HTTPException, OSError, ValueError) as problem:
        url = f"{'https' if tls else 'http'}://{host}:{port}{HEALTH_PATH}"
        hint = "carnet serve starts one; --host, --port and --tls say where to ask."
        raise click.ClickException(f"No server answers at {url}: {problem}. {hint}") from problem
    _show(told, output)
    if code != HTTPStatus.OK:
        raise click.exceptions.Exit(1)


def _object(body: bytes) -> dict[str, Any]:
    """Raises ValueError for what a Carnet server does not answer."""
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("what answers is no Carnet server")
    return told


def _health(host: str, port: int, *, tls: bool) -> tuple[int, bytes]:
    # Not urllib: it takes as long to import as all the rest, and would ask a proxy.
    connection = _tls_connection(host, port) if tls else HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", HEALTH_PATH)
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST_BYTES)
    finally:
        connection.close()


def _tls_connection(host: str, port: int) -> HTTPConnection:
    import ssl

    # Health is no secret and carries no credential: a self-signed certificate is good enough to ask for it.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=_SECONDS, context=context)


def _show(told: dict[str, Any], output: str) -> None:
    click.echo(json.dumps(told) if output == "json" else _lines(told))


def _lines(told: dict[str, Any]) -> str:
    return "\n".join(f"{name + ':':<10} {value}" for name, value in told.items())
