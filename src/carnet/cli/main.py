"""The `carnet` command."""

from __future__ import annotations

import os

import click

from carnet.cli.groups import CommandsOnDemand

_SUMMARIES = {
    "account": "Make, list, show and delete accounts, and replace lost root keys, also beside a running server.",
    "apply": "Make accounts, users, groups, roles, policies and keys as FILE says, also beside a running server.",
    "audit": "Look at the audit events of calls, and write them as CloudTrail does.",
    "backup": "Write the store of one moment to FILE, also while a server runs.",
    "configure": "Write profiles for people who sign in with `aws sso login`.",
    "credentials": "Print temporary credentials for a profile, as a credential_process of the AWS CLI and SDKs.",
    "doctor": "Look at variables, port, clock, disk, permissions, keys, database and mail, and say what is wrong.",
    "explain": "Say why a call was denied, and what would allow it; without DECISION-ID, the last denial.",
    "gateway": "Look at the services behind the gateway: measure one, ask how they are, adopt the buckets of a store.",
    "keys": "Look at the keys that secrets are sealed with, and replace them, the master key too, while servers run.",
    "operator-token": "Make tokens for Carnet's own HTTP API, and revoke them, also beside a running server.",
    "org": "Show, copy and question organizations, also beside a running server.",
    "policy": "Ask policies what they decide, without an installation.",
    "profile": "Write profiles for the AWS CLI and SDKs.",
    "reset": "Remove the installation: accounts, keys, logs and the master key.",
    "restore": "Put the backup FILE into the store, whole or not at all, also while servers run.",
    "rotate-key": "Replace a profile's access key: make a second, try it, write it, deactivate the first, delete it.",
    "serve": "Start the server; on the first start, make the first account and show its root key once.",
    "sso": "Switch on IAM Identity Center, also beside a running server.",
    "status": "Ask a running server how it is; exit code 1 if none answers, or its store is lost.",
}
"""The commands. A test compares this with what each says of itself: its module need not be imported for it."""

_EXIT_CODES = """\b
Exit codes:
  0  done, or the server was told to stop
  1  it could not be done, or the answer is no
  2  wrong use: an option, an argument or a file that cannot be read
"""


@click.group(
    cls=CommandsOnDemand,
    summaries=_SUMMARIES,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="carnet")
@click.pass_context
def main(context: click.Context) -> None:
    """AWS IAM that anyone can run."""
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        context.color = False
