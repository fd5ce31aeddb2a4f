"""Profiles in the files of the AWS CLI and SDKs: read one, and change values of one.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from carnet.cli.ini_edit import values_of, with_values
from carnet.cli.private_file import replace_file


def config_file() -> Path:
    return _file("AWS_CONFIG_FILE", "config")


def credentials_file() -> Path:
    return _file("AWS_SHARED_CREDENTIALS_FILE", "credentials")


def config_section(profile: str) -> str:
    """The section of a profile in the config file; in the credentials file it has the profile's own name."""
    return profile if profile == "default" else f"profile {profile}"


def _file(variable: str, name: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / ".aws" / name).expanduser()


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermKey:
    """An access key of a profile, and the section that holds it."""

    access_key_id: str
    secret_access_key: str
    file: Path
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile as the files say it; what the credentials file says goes before what the config file says."""

    name: str
    values: Mapping[str, str]
    key: LongTermKey | None
    """None if it holds none, or only temporary ones."""


def read_profile(name: str) -> Profile:
    """Raises ClickException if there is none of that name, and ValueError, which names the file, if one is not read."""
    credentials, config = credentials_file(), config_file()
    places = ((config, config_section(name)), (credentials, name))
    found = [(file, section, values_in(file, section)) for file, section in places]
    if all(values is None for _, _, values in found):
        raise click.ClickException(f"There is no profile {name} in {credentials} or {config}.")
    key = None
    merged: dict[str, str] = {}
    for file, section, values in found:
        merged |= values or {}
        if values and "aws_access_key_id" in values and "aws_secret_access_key" in values:
            key = _key_in(file, section, values)
    return Profile(name=name, values=merged, key=key)


def _key_in(file: Path, section: str, values: Mapping[str, str]) -> LongTermKey | None:
    if values.get("aws_session_token"):
        return None
    return LongTermKey(
        access_key_id=values["aws_access_key_id"],
        secret_access_key=values["aws_secret_access_key"],
        file=file,
        section=section,
    )


def values_in(path: Path, section: str) -> dict[str, str] | None:
    """The values of a section, None if it or the file is not there; raises ValueError that names the file."""
    try:
        return values_of(_text(path), section)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}.") from problem


def changed_text(path: Path, section: str, values: Mapping[str, str | None]) -> str:
    """The text of the file with these values; None removes one. Raises ValueError that names the file."""
    try:
        return with_values(_text(path), section, values)
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}; nothing was changed.") from problem


def write_values(path: Path, section: str, values: Mapping[str, str | None]) -> None:
    """Change values of one section; raises ValueError and OSError, and then the file is as it was."""
    replace_file(path, changed_text(path, section, values))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as problem:
        raise ValueError("not UTF-8") from problem
