"""`carnet serve`: what it refuses, what it prints, and what a second start finds."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from carnet.cli import main
from tests.clients.running import RunningServer, free_port, running_server
from tests.server.certificates import self_signed
from tests.starting.forked import Carnet
from tests.waiting import PATIENCE_SECONDS, eventually


def refused(*arguments: str) -> str:
    done = CliRunner().invoke(main, ["serve", *arguments])
    assert done.exit_code == 2, done.output
    return " ".join(done.output.split())


def failed(*arguments: str, data_dir: Path) -> str:
    """What a start is told that fails, and makes nothing."""
    done = CliRunner().invoke(main, ["serve", *arguments, "--data-dir", str(data_dir)])
    assert done.exit_code == 1, done.output
    assert not data_dir.exists()
    return " ".join(done.output.split())


def caller(server: RunningServer, environment: dict[str, str]) -> str:
    sts = boto3.client(
        "sts",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    arn: str = sts.get_caller_identity()["Arn"]
    return arn


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])
def test_plain_http_stays_on_loopback(host: str, tmp_path: Path) -> None:
    assert "is not a loopback address" in refused("--host", host, "--data-dir", str(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    (tmp_path / "cert").touch()
    assert "go together" in refused("--tls-cert", str(tmp_path / "cert"))


def test_what_is_no_certificate_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    for name in ("cert", "key"):
        (tmp_path / name).write_text("x")
    told = failed("--tls-cert", f"{tmp_path}/cert", "--tls-key", f"{tmp_path}/key", data_dir=tmp_path / "data")
    assert "are not a certificate and its key, both in PEM" in told
    assert "None" not in told


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_in_use_is_told_before_anything_is_made(tmp_path: Path, workers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = failed("--port", str(port), "--workers", workers, data_dir=tmp_path / "data")
    assert told == f"Error: Cannot listen on 127.0.0.1:{port}: Address already in use. --port names another port."


def test_an_address_of_another_machine_cannot_be_listened_on(tmp_path: Path) -> None:
    told = failed("--host", "192.0.2.1", "--insecure", data_dir=tmp_path / "data")
    assert told.endswith("Error: Cannot listen on 192.0.2.1:4747: Cannot assign requested address.")


def test_port_zero_is_any_free_port_and_the_greeting_names_it(tmp_path: Path) -> None:
    words = ("serve", "--port", "0", "--data-dir", str(tmp_path / "data"))
    process = Carnet(*words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        endpoint = process.stdout.readline().rpartition(" ")[2].strip()
        assert not endpoint.endswith(":0")
        with urllib.request.urlopen(f"{endpoint}/healthz", timeout=PATIENCE_SECONDS) as answer:
            assert json.load(answer)["status"] == "ok"
        limits = Path(f"/proc/{process.pid}/limits")
        if limits.exists():  # only Linux tells
            assert re.search(r"^Max core file size +0 +0 ", limits.read_text(), re.MULTILINE), "secrets are in memory"
    finally:
        process.terminate()
        process.wait(timeout=120)
        assert process.stdout is not None
        process.stdout.close()


def test_a_second_start_finds_the_same_state(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_server(data) as first:
        printed = dict(first.environment)
        assert printed["AWS_ENDPOINT_URL"] == first.endpoint
        arn = caller(first, printed)
    with running_server(data) as second:
        assert second.environment == {}
        assert second.greeting.endswith(f"carnet account root-key {first.account_id} --data-dir {data}\n")
        assert caller(second, printed) == arn


def greeting(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What a start prints that then serves nothing."""
    monkeypatch.setattr("carnet.server.listening.listen.listen", lambda *_, **__: None)
    monkeypatch.setattr("os.environ", dict(os.environ))
    done = CliRunner().invoke(main, ["serve", "--port", "0", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_way_to_a_new_root_key_names_the_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert re.search(r"replaced by: carnet account root-key [0-9]{12}\n", greeting(monkeypatch))
    told = greeting(monkeypatch, "--data-dir", "my data", "--master-key-file", "my.key")
    assert re.search(r"root-key [0-9]{12} --data-dir 'my data' --master-key-file my\.key\n", told)


def test_the_greeting_names_an_address_that_can_be_used_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = greeting(monkeypatch, "--data-dir", str(tmp_path / "data"), "--host", "0.0.0.0", "--insecure")
    assert re.search(r"Carnet listens at http://127\.0\.0\.1:[0-9]+, and on every address of this machine\n", told)
    exports = [line for line in told.splitlines() if line.startswith("export ")]
    assert [line.partition("=")[0] for line in exports] == [
        f"export {name}"
        for name in (
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
        )
    ]
    assert all(len(line) < 80 for line in exports)


def test_a_changed_public_url_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ("--data-dir", str(tmp_path / "data"), "--public-url")
    first = greeting(monkeypatch, *here, "https://iam.example.com/")
    assert "Carnet listens at https://iam.example.com\n" in first
    assert "Warning" not in first
    assert "Warning: --public-url was https://iam.example.com and is https://a.b" in greeting(
        monkeypatch, *here, "https://a.b"
    )
    assert "is no public URL" in refused(*here, "a.b")


def test_the_account_made_first_is_named_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = str(tmp_path / "data")
    found = re.search(r"made account ([0-9]{12})", greeting(monkeypatch, "--data-dir", data))
    assert found is not None
    assert CliRunner().invoke(main, ["account", "create", "--count", "20", "--data-dir", data]).exit_code == 0
    told = greeting(monkeypatch, "--data-dir", data)
    assert f"Accounts: {found[1]}, " in told
    assert f"carnet account root-key {found[1]} " in told


def test_an_account_made_beside_the_server_works_at_once(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        made = json.loads(server.carnet("account", "create", "--count", "2", "--output", "json"))
        for each in made:
            keys = {"AWS_ACCESS_KEY_ID": each["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": each["SecretAccessKey"]}
            assert caller(server, keys) == f"arn:aws:iam::{each['AccountId']}:root"


def test_workers_share_one_port_and_see_each_others_writes(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--workers", "2") as server:
        processes = _children(server.process.pid)
        assert len(processes) >= 2
        for number in range(10):
            _iam(server).create_user(UserName=f"user-{number}")
        names = {f"user-{number}" for number in range(10)}

        def everybody_is_listed() -> bool:
            """Of ten connections, each worker has some."""
            listed = [_iam(server).list_users()["Users"] for _ in range(10)]
            return all({user["UserName"] for user in users} == names for users in listed)

        eventually(everybody_is_listed)


def _iam(server: RunningServer) -> Any:
    """A client with a connection of its own, which any of the workers may take."""
    return boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.environment["AWS_SECRET_ACCESS_KEY"],
    )


def _children(pid: int) -> list[int]:
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


def test_tls(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    port = free_port()
    words = ("serve", "--port", str(port), "--data-dir", str(tmp_path / "data"))
    process = Carnet(*words, "--tls-cert", str(cert), "--tls-key", str(key), stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Carnet listens at https://127.0.0.1:{port}\n"
        health = _health(f"https://127.0.0.1:{port}/healthz", ssl.create_default_context(cafile=str(cert)))
        assert health["status"] == "ok"
        done = CliRunner().invoke(main, ["status", "--port", str(port), "--tls"])
        assert "reachable" in done.output
    finally:
        process.terminate()
        process.wait(timeout=120)
        assert process.stdout is not None
        process.stdout.close()


def _health(url: str, context: ssl.SSLContext) -> dict[str, object]:
    for _ in range(1200):
        try:
            with urllib.request.urlopen(url, context=context, timeout=PATIENCE_SECONDS) as answer:
                health: dict[str, object] = json.load(answer)
                return health
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")


def test_a_first_start_without_its_database_says_so_and_nothing_of_a_master_key(tmp_path: Path) -> None:
    asked = ["--port", "0", "--database-url", "postgresql://127.0.0.1:1/none", "--data-dir", str(tmp_path / "data")]
    done = CliRunner().invoke(main, ["serve", *asked])
    assert done.exit_code == 1, done.output
    told = " ".join(done.output.split())
    assert "Connection refused" in told
    assert f"There is no {tmp_path / 'data'}/directory.snapshot to start from without it." in told
    assert "master key" not in told
