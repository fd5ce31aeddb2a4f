"""`carnet credentials`: what it prints is used by botocore, and what it keeps is used again."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner

from carnet.cli import main
from carnet.cli.session_cache import SessionCache
from tests.cli.profiles import Home, home_of
from tests.server.in_process import InProcessServer, in_process_server
from tests.services.iam.documents import trust
from tests.starting.forked import CARNET, Carnet, carnet
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("server")) as running:
        iam = running.client("iam")
        iam.create_user(UserName="alice")
        arn = iam.get_user(UserName="alice")["User"]["Arn"]
        iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=trust(arn), MaxSessionDuration=7200)
        yield running


@pytest.fixture
def home(server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A profile `keys` with alice's access key."""
    iam = server.client("iam")
    made = iam.create_access_key(UserName="alice")["AccessKey"]
    yield home_of(tmp_path, monkeypatch, server.endpoint, made)
    iam.delete_access_key(UserName="alice", AccessKeyId=made["AccessKeyId"])


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["credentials", "--profile", "keys", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def got(*arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(*arguments))
    return told


def kept(home: Home) -> list[Path]:
    return sorted((home.path / ".aws/carnet/cache").glob("*.json"))


def identity(server: InProcessServer, told: dict[str, Any]) -> str:
    sts = server.client("sts", told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])
    arn: str = sts.get_caller_identity()["Arn"]
    return arn


def test_a_session_of_the_user(server: InProcessServer, home: Home) -> None:
    told = got("--duration-seconds", "900")
    assert told["Version"] == 1
    assert identity(server, told).endswith(":user/alice")
    left = datetime.fromisoformat(told["Expiration"]) - datetime.now(UTC)
    assert timedelta(seconds=840) < left <= timedelta(seconds=900)


def test_the_role_of_the_profile(server: InProcessServer, home: Home) -> None:
    account = server.root.account
    home.configure("keys", role_arn=f"arn:aws:iam::{account}:role/deploy", duration_seconds="7200")
    told = got()
    assert identity(server, told).endswith(":assumed-role/deploy/carnet-credentials")
    assert datetime.fromisoformat(told["Expiration"]) - datetime.now(UTC) > timedelta(hours=1)


def test_botocore_asks_it_as_a_credential_process(
    server: InProcessServer, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = f"{CARNET} credentials --profile keys"
    home.configure("work", credential_process=command, region="us-east-1", endpoint_url=server.endpoint)
    session = botocore.session.Session(profile="work")
    sts: Any = session.create_client("sts")
    assert sts.get_caller_identity()["Arn"].endswith(":user/alice")


def test_what_is_kept_is_used_again_and_only_its_owner_reads_it(home: Home) -> None:
    first = got()
    (file,) = kept(home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert got() == first
    assert got("--no-cache") != first


def test_another_duration_role_or_key_is_another_session(server: InProcessServer, home: Home) -> None:
    role = f"arn:aws:iam::{server.root.account}:role/deploy"
    all_of_them = [got(), got("--duration-seconds", "1000"), got("--role-arn", role)]
    assert len({told["AccessKeyId"] for told in all_of_them}) == len(kept(home)) == 3


@pytest.mark.parametrize("spoiled", ["", "[]", "{}", '{"RenewAt": 1}', "\0" * 9])
def test_a_kept_file_that_is_spoiled_is_replaced(home: Home, spoiled: str) -> None:
    first = got()
    (file,) = kept(home)
    file.write_text(spoiled)
    assert got() != first
    assert json.loads(file.read_text()).keys() > first.keys() - {"Version"}


def test_credentials_are_renewed_a_quarter_of_an_hour_before_they_end(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    cache = SessionCache(tmp_path, {"key": "AKIA"})
    told = {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t"}
    cache.write({**told, "Expiration": (now + timedelta(hours=12)).isoformat()}, now)
    assert cache.read(now + timedelta(hours=11, minutes=44)) is not None
    assert cache.read(now + timedelta(hours=11, minutes=45)) is None
    cache.write({**told, "Expiration": (now + timedelta(minutes=16)).isoformat()}, now)
    assert cache.read(now + timedelta(minutes=11)) is not None
    assert cache.read(now + timedelta(minutes=12)) is None


def test_programs_that_ask_at_once_get_one_session(home: Home) -> None:
    asking = [Carnet("credentials", "--profile", "keys", stdout=subprocess.PIPE) for _ in range(3)]
    told = {process.communicate(timeout=PATIENCE_SECONDS)[0] for process in asking}
    assert len(told) == 1
    assert all(process.returncode == 0 for process in asking)


def test_one_line_says_what_is_wrong(server: InProcessServer, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    role = f"arn:aws:iam::{server.root.account}:role/absent"
    assert "AssumeRole was answered AccessDenied: " in run("--role-arn", role, code=1)
    assert "An MFA code has six digits." in run("--mfa-serial", "arn:aws:iam::1:mfa/x", "--mfa-code", "12345", code=1)
    home.configure("keys", duration_seconds="long")
    assert "duration_seconds of the profile is 'long'" in run(code=1)
    home.configure("keys", source_profile="absent", duration_seconds="900")
    assert "There is no profile absent in " in run(code=1)
    home.configure("absent", region="us-east-1")
    assert "The profile absent has no access key of its own" in run(code=1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    home.configure("keys", source_profile="keys")
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:9/"' in run(code=1)


def test_without_a_terminal_it_says_so(home: Home) -> None:
    words = ("credentials", "--profile", "keys", "--mfa-serial", "arn:aws:iam::1:mfa/x")
    done = carnet(*words, start_new_session=True)
    assert done.returncode == 1
    assert "There is no terminal to ask for the code of arn:aws:iam::1:mfa/x." in done.stderr


def test_the_code_is_asked_for_on_the_terminal_and_not_shown(home: Home) -> None:
    """Its output and errors go to the program that asks, as from botocore: the question must not."""
    child, terminal = pty.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 1)
        os.dup2(1, 2)
        os.execv(CARNET, [str(CARNET), "credentials", "--profile", "keys", "--mfa-serial", "dev"])
    shown = b""
    timer = threading.Timer(PATIENCE_SECONDS, os.close, (terminal,))
    timer.start()
    while b"MFA code for dev: " not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"123456\n")
    _, status = os.waitpid(child, 0)
    timer.cancel()
    os.set_blocking(terminal, False)
    assert os.waitstatus_to_exitcode(status) == 1  # there is no such device
    with suppress(OSError):
        shown += os.read(terminal, 1000)
    assert b"123456" not in shown
