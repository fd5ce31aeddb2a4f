"""The wheel, installed where there is no checkout: the command serves, and its files of data are with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest

from tests.clients.running import RunningServer, running_server

CASE = """\
- request:
    principal: arn:aws:iam::111122223333:user/ann
    action: s3:GetObject
    resource: arn:aws:s3:::reports/2026.csv
  policies:
    identity: [{Version: "2012-10-17", Statement: {Effect: Allow, Action: "s3:Get*", Resource: "*"}}]
  expect: allowed
"""


@pytest.fixture(scope="module")
def carnet(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `carnet` command of a new environment that pip has installed the wheel into, with the pinned dependencies."""
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pins = home / "pins.txt"
    pinned = re.findall(r"^\S+==\S+", Path("requirements/run.txt").read_text(), re.MULTILINE)
    pins.write_text("\n".join(re.sub(r"\[.*\]", "", pin) for pin in pinned))  # a constraint has no extras
    pip = [str(home / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    subprocess.run([*pip, "--constraint", str(pins), str(wheel)], check=True, cwd=home)
    return home / "bin" / "carnet"


def _run(carnet: Path, *arguments: str, cwd: Path) -> str:
    done = subprocess.run([str(carnet), *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_package_is_the_installed_one(carnet: Path, tmp_path: Path) -> None:
    assert re.fullmatch(r"carnet, version [0-9.]+\n", _run(carnet, "--version", cwd=tmp_path))
    where = [str(carnet.parent / "python"), "-c", "import carnet; print(carnet.__file__)"]
    shown = subprocess.run(where, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert shown.startswith(str(carnet.parent.parent))


def test_it_serves(carnet: Path, tmp_path: Path) -> None:
    """The models, the migrations, the managed policies and the catalogue are files that the wheel must bring."""
    with running_server(tmp_path / "data", program=(str(carnet),), from_nothing=True) as server:
        iam = _client(server, "iam")
        managed = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")["Policy"]
        assert managed["PolicyName"] == "ReadOnlyAccess"
        assert _client(server, "sts").get_caller_identity()["Account"] == server.account_id
        made = json.loads(
            _run(carnet, "account", "create", "--output", "json", "--data-dir", str(server.data_dir), cwd=tmp_path)
        )
        assert len(made) >= 1


def test_it_simulates(carnet: Path, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(CASE)
    assert "allowed" in _run(carnet, "policy", "simulate", "-f", "case.yaml", "--explain", cwd=tmp_path)


def _client(server: RunningServer, service: Literal["iam", "sts"]) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.environment["AWS_SECRET_ACCESS_KEY"],
    )
