"""`carnet serve --tls self-signed`: real clients that trust the printed authority get in, and others do not."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import SSLError
from click.testing import CliRunner

from carnet.cli import main
from tests.clients.running import RunningServer, running_server
from tests.server.certificates import self_signed


def sts(server: RunningServer, environment: dict[str, str], host: str = "127.0.0.1") -> Any:
    return boto3.client(
        "sts",
        endpoint_url=server.endpoint.replace("127.0.0.1", host),
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_boto3_with_the_printed_bundle_gets_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str) -> None:
    with running_server(tmp_path / "data", "--tls", "self-signed", "--workers", workers) as server:
        printed = dict(server.environment)
        assert printed["AWS_ENDPOINT_URL"].startswith("https://")
        with pytest.raises(SSLError, match="certificate verify failed"):
            sts(server, printed).get_caller_identity()
        monkeypatch.setenv("AWS_CA_BUNDLE", printed["AWS_CA_BUNDLE"])
        for host in ("127.0.0.1", "localhost"):
            assert sts(server, printed, host).get_caller_identity()["Account"] == server.account_id
    files = sorted((tmp_path / "data" / "tls").iterdir())
    assert [(file.name, stat.S_IMODE(file.stat().st_mode)) for file in files] == [
        ("ca.pem", 0o600),
        ("server.pem", 0o600),
    ]
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_second_start_has_the_same_certificate_and_prints_its_authority(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--tls", "self-signed") as server:
        first = (tmp_path / "data/tls/server.pem").read_bytes(), server.environment["AWS_CA_BUNDLE"]
    with running_server(tmp_path / "data", "--tls", "self-signed") as server:
        assert ((tmp_path / "data/tls/server.pem").read_bytes(), server.environment["AWS_CA_BUNDLE"]) == first


def test_an_address_that_is_not_loopback_is_served_with_tls(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--host", "0.0.0.0", "--tls", "self-signed") as server:
        assert server.environment["AWS_ENDPOINT_URL"].startswith("https://")


def test_one_certificate_is_enough(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    given = ["--tls", "self-signed", "--tls-cert", str(cert), "--tls-key", str(key)]
    done = CliRunner().invoke(main, ["serve", "--data-dir", str(tmp_path / "data"), *given])
    assert done.exit_code == 2
    assert "--tls self-signed makes a certificate; --tls-cert brings one." in done.output
    assert not (tmp_path / "data").exists()


def test_a_directory_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "tls").touch()
    done = CliRunner().invoke(main, ["serve", "--port", "0", "--data-dir", f"{tmp_path}/data", "--tls", "self-signed"])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert f"{tmp_path}/data/tls" in done.output
    assert done.output.count("\n") == 1
