"""The `carnet` command."""

from __future__ import annotations

import os

import click

from carnet.assembly.settings import UnknownSetting, check_environment
from carnet.cli.account import account
from carnet.cli.explain import explain
from carnet.cli.policy import policy
from carnet.cli.serve import serve
from carnet.cli.status import status


@click.group()
@click.version_option(package_name="carnet")
def main() -> None:
    """AWS IAM that anyone can run."""
    try:
        check_environment(os.environ)
    except UnknownSetting as problem:
        raise click.UsageError(str(problem)) from problem


main.add_command(account)
main.add_command(explain)
main.add_command(policy)
main.add_command(serve)
main.add_command(status)
