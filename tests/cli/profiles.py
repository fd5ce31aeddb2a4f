"""A home directory with the files of the AWS CLI and SDKs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from carnet.cli.aws_files import config_section, write_values


@dataclass(frozen=True, kw_only=True)
class Home:
    path: Path

    @property
    def credentials(self) -> Path:
        return self.path / ".aws/credentials"

    def configure(self, profile: str, **values: str) -> None:
        write_values(self.path / ".aws/config", config_section(profile), values)


def home_of(path: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, key: Mapping[str, str]) -> Home:
    """The home directory from now on, with a profile `keys` that has this access key."""
    monkeypatch.setenv("HOME", str(path))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    home = Home(path=path)
    home.configure("keys", region="us-east-1", endpoint_url=endpoint)
    write_values(
        home.credentials,
        "keys",
        {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]},
    )
    return home
