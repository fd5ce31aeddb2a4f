"""`carnet profile`: profiles of the AWS CLI and SDKs that use this installation."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from carnet.assembly.public_url import public_url
from carnet.assembly.running import last_endpoint
from carnet.assembly.settings import Settings
from carnet.base.bounded_json import loads
from carnet.cli.aws_files import changed_text, config_file, config_section, credentials_file
from carnet.cli.exports import REGION
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.private_file import replace_file

_NAME = re.compile(r"[A-Za-z0-9_.@+/-]{1,128}")
_VALUE = re.compile(r"[\x21-\x7e]+")
_KEY_VARIABLES = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_WRAPPERS = ("AccessKey", "Credentials")
"""What the AWS CLI answers to create-access-key has the former, to assume-role and its kin the latter."""
_FROM_JSON = {"AccessKeyId": "aws_access_key_id", "SecretAccessKey": "aws_secret_access_key"}


@click.group(cls=CommandGroup)
def profile() -> None:
    """Write profiles for the AWS CLI and SDKs."""


@profile.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.File(),
    help="JSON of `carnet account create`, `aws iam create-access-key` or `aws sts assume-role`; - reads standard "
    "input.  [default: the AWS_ variables]",
)
@click.option("--endpoint-url", envvar="AWS_ENDPOINT_URL", show_envvar=True, help="[default: that of the server]")
@click.option("--region", envvar="AWS_REGION", default=REGION, show_default=True, show_envvar=True)
@installation_options
@told_plainly
def write(name: str, source: Any, endpoint_url: str | None, region: str, **settings: Any) -> None:
    """Write credentials and endpoint as profile NAME into the AWS config files.

    What else is in them stays, comments too. The files are ~/.aws/credentials and ~/.aws/config, or those that
    AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name; only their owner can read them afterwards.
    """
    if not _NAME.fullmatch(name):
        raise click.BadParameter("A profile's name has letters, digits and _ . @ + / - only.", param_hint="NAME")
    credentials = _of_environment() if source is None else _of_json(source.read())
    configured = Settings(**settings)
    endpoint = endpoint_url or last_endpoint(configured.data_dir) or public_url(configured)
    keys, config = credentials_file(), config_file()
    # Both are made before either is written: a file that cannot be read must not leave half a profile.
    changed = (
        (keys, _changed_file(keys, name, credentials)),
        (config, _changed_file(config, config_section(name), {"region": region, "endpoint_url": endpoint})),
    )
    for path, text in changed:
        replace_file(path, text)
    click.echo(f"Profile {name} is in {keys} and {config}. Use it with: {_use(name)}")


def _use(name: str) -> str:
    """The line after which the AWS CLI and SDKs use the profile: a key in the environment counts more than one."""
    export = f"export AWS_PROFILE={name}"
    held = [variable for variable in map(str.upper, _KEY_VARIABLES) if os.environ.get(variable)]
    return f"unset {' '.join(held)}; {export}" if held else export


def _of_environment() -> dict[str, str | None]:
    found = {name: os.environ.get(name.upper()) for name in _KEY_VARIABLES}
    missing = [name.upper() for name in _KEY_VARIABLES[:2] if not found[name]]
    if missing:
        raise click.UsageError(
            f"{' and '.join(missing)} are not set. Run the export lines that the server has shown, or pipe: "
            "carnet account create --output json | carnet profile write NAME --from -"
        )
    return found


def _of_json(text: str) -> dict[str, str | None]:
    """What a command of Carnet has shown, or of the AWS CLI, which wraps it: `{"AccessKey": {...}}`."""
    if not text.strip():
        raise click.UsageError("--from has nothing to read: the command before the pipe has printed no credentials.")
    try:
        told = loads(text)
        told = next((told[wrapper] for wrapper in _WRAPPERS if wrapper in told), told)
        keys = {ours: str(told[theirs]) for theirs, ours in _FROM_JSON.items()}
        token = told.get("SessionToken")
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise click.UsageError(
            "--from takes one JSON object with AccessKeyId and SecretAccessKey, as carnet account create --output json "
            "or aws iam create-access-key."
        ) from problem
    return {**keys, "aws_session_token": None if token is None else str(token)}


def _changed_file(path: Path, section: str, values: Mapping[str, str | None]) -> str:
    """The text of the file with these values; raises ValueError that names the file."""
    if not all(_VALUE.fullmatch(value) for value in values.values() if value is not None):
        raise ValueError(f"What is to be written to {path} has characters that it must not have.")
    return changed_text(path, section, values)
