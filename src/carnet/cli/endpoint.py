"""Whether a command asks a server or reads the data directory: one option for all that can do both."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from carnet.cli.own_api import OwnApi

_OPTION, _VARIABLE = "--endpoint-url", "AWS_ENDPOINT_URL"

endpoint_option: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    _OPTION,
    help="Ask the server at this URL, as the operator of CARNET_OPERATOR_TOKEN or with the AWS_ credentials of the "
    f"environment.  [default: {_VARIABLE}, if the data directory holds no log and no other is named]",
)


def server_to_ask(endpoint_url: str | None, *, at_hand: bool) -> OwnApi | None:
    """The server that the running command asks; None if it reads the data directory.

    `at_hand`: what it reads is in the data directory. INVARIANT: it asks nobody unbidden if a data directory is named.
    Raises UsageError, and ClickException for what is no URL.
    """
    source = click.get_current_context().get_parameter_source("data_dir")
    if endpoint_url is not None:
        if source is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"Give {_OPTION} or --data-dir, one of them.")
        return api_at(endpoint_url)
    url = os.environ.get(_VARIABLE)
    if at_hand or not url or source is not ParameterSource.DEFAULT:
        return None
    return api_at(url, named_by=_VARIABLE, why=f"{_VARIABLE}, as no log is in the data directory")


def api_at(url: str, *, named_by: str = _OPTION, why: str = "") -> OwnApi:
    """Carnet's own API there. Raises ClickException for what is no URL."""
    from carnet.cli.own_api import OwnApi  # which a command that reads files does not need

    return OwnApi.at(url, named_by=named_by, why=why)
