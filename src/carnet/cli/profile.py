"""`carnet profile`: profiles of the AWS CLI and SDKs that use this installation."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from carnet.assembly.public_url import public_url
from carnet.assembly.running import last_endpoint
from carnet.assembly.settings import Settings
from carnet.cli.exports import REGION
from carnet.cli.groups import CommandGroup
from carnet.cli.ini_edit import with_values
from carnet.cli.options import installation_options, told_plainly

_NAME = re.compile(r"[A-Za-z0-9_.@+/-]{1,128}")
_VALUE = re.compile(r"[\x21-\x7e]+")
_OWNER_ONLY = 0o600
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
    credentials_file = _file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
    config_file = _file("AWS_CONFIG_FILE", "config")
    section = name if name == "default" else f"profile {name}"
    # Both are made before either is written: a file that cannot be read must not leave half a profile.
    changed = (
        (credentials_file, _changed(credentials_file, name, credentials)),
        (config_file, _changed(config_file, section, {"region": region, "endpoint_url": endpoint})),
    )
    for path, text in changed:
        _replace(path, text)
    click.echo(f"Profile {name} is in {credentials_file} and {config_file}. Use it with: export AWS_PROFILE={name}")


def _of_environment() -> dict[str, str | None]:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    found = {name: os.environ.get(name.upper()) for name in names}
    missing = [name.upper() for name in names[:2] if not found[name]]
    if missing:
        raise click.UsageError(
            f"{' and '.join(missing)} are not set. Run the export lines that the server has shown, or pipe: "
            "carnet account create --output json | carnet profile write NAME --from -"
        )
    return found


def _of_json(text: str) -> dict[str, str | None]:
    """What a command of Carnet has shown, or of the AWS CLI, which wraps it: `{"AccessKey": {...}}`."""
    try:
        told = json.loads(text)
        told = next((told[wrapper] for wrapper in _WRAPPERS if wrapper in told), told)
        keys = {ours: str(told[theirs]) for theirs, ours in _FROM_JSON.items()}
        token = told.get("SessionToken")
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as problem:
        raise click.UsageError(
            "--from takes one JSON object with AccessKeyId and SecretAccessKey, as carnet account create --output json "
            "or aws iam create-access-key."
        ) from problem
    return {**keys, "aws_session_token": None if token is None else str(token)}


def _file(variable: str, name: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / ".aws" / name).expanduser()


def _changed(path: Path, section: str, values: Mapping[str, str | None]) -> str:
    """The text of the file with these values; raises ValueError that names the file."""
    if not all(_VALUE.fullmatch(value) for value in values.values() if value is not None):
        raise ValueError(f"What is to be written to {path} has characters that it must not have.")
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = ""
    except UnicodeDecodeError as problem:
        raise ValueError(f"{path}: not UTF-8; nothing was changed.") from problem
    try:
        return with_values(text, section, values)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}; nothing was changed.") from problem


def _replace(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner only. A symbolic link stays one."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, _OWNER_ONLY)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise
