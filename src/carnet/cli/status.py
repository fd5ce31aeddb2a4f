"""`carnet status`: is a server running, and does it follow its store?"""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

import click

from carnet.cli.options import setting, told_plainly
from carnet.server.own_pages import HEALTH_PATH

_SECONDS = 5


@click.command()
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@setting("host", "Address that the server listens on.")
@setting("port", "Port that the server listens on.", type=click.IntRange(1, 65535))
@click.option("--tls", is_flag=True, help="The server speaks TLS.")
@told_plainly
def status(output: str, host: str, port: int, tls: bool) -> None:
    """Ask a running server how it is; exit code 1 if none answers."""
    url = f"{'https' if tls else 'http'}://{host}:{port}{HEALTH_PATH}"
    try:
        told = json.loads(_get(url))
    except (urllib.error.URLError, OSError) as problem:
        raise click.ClickException(f"No server answers at {url}: {problem}") from problem
    click.echo(json.dumps(told) if output == "json" else _lines(told))


def _get(url: str) -> bytes:
    # Health is no secret and carries no credential: a self-signed certificate is good enough to ask for it.
    context = None
    if url.startswith("https:"):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(url, timeout=_SECONDS, context=context) as answer:  # noqa: S310 - the scheme is ours
        body: bytes = answer.read()
        return body


def _lines(told: dict[str, Any]) -> str:
    return "\n".join(f"{name + ':':<10} {value}" for name, value in told.items())
