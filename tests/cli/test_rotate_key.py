"""`carnet rotate-key`: whatever step fails, the profile has a key that works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from click.testing import CliRunner

from carnet.cli import main, rotate_key
from carnet.cli.aws_api import client
from carnet.cli.aws_files import LongTermKey, read_profile
from tests.cli.profiles import Home, home_of
from tests.server.in_process import InProcessServer, in_process_server

OWN_KEYS = ("iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("server")) as running:
        yield running


class Alice:
    """A user whose profile is `keys`."""

    def __init__(self, server: InProcessServer, home: Home, key_id: str) -> None:
        self.iam = server.client("iam")
        self.home = home
        self.first = key_id

    def may(self, *actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=document)

    def states(self) -> dict[str, str]:
        """Ids and states of all her keys."""
        listed = self.iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def in_profile(self) -> str:
        """The id of the key of the profile, which works."""
        sts: Any = botocore.session.Session(profile="keys").create_client("sts")
        assert sts.get_caller_identity()["Arn"].endswith(":user/alice")
        key = read_profile("keys").key
        assert key is not None
        return key.access_key_id


@pytest.fixture
def alice(server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Alice]:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    made = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = Alice(server, home_of(tmp_path, monkeypatch, server.endpoint, made), made["AccessKeyId"])
    alice.may(*OWN_KEYS)
    yield alice
    for key_id in alice.states():
        iam.delete_access_key(UserName="alice", AccessKeyId=key_id)
    iam.delete_user_policy(UserName="alice", PolicyName="own")
    iam.delete_user(UserName="alice")


def rotate(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["rotate-key", "--profile", "keys", *arguments])
    assert done.exit_code == code, done.output
    return done.output


def test_the_profile_has_another_key_and_the_first_is_gone(alice: Alice) -> None:
    text = alice.home.credentials.read_text()
    alice.home.credentials.write_text(f"# mine\n[other]\naws_access_key_id = AKIAOTHER\n\n{text}")
    told = rotate()
    assert list(alice.states().items()) == [(alice.in_profile(), "Active")]
    assert alice.first not in alice.states()
    assert f"{alice.first} is deleted." in told
    assert "# mine\n[other]\naws_access_key_id = AKIAOTHER\n" in alice.home.credentials.read_text()


def test_the_old_key_may_be_left_inactive(alice: Alice) -> None:
    rotate("--keep-old")
    assert alice.states() == {alice.first: "Inactive", alice.in_profile(): "Active"}


def test_a_second_key_is_in_the_way(alice: Alice) -> None:
    second = alice.iam.create_access_key(UserName="alice")["AccessKey"]["AccessKeyId"]
    assert f"second access key, {second} (active)" in rotate("--delete-inactive", code=1)
    alice.iam.update_access_key(UserName="alice", AccessKeyId=second, Status="Inactive")
    assert "--delete-inactive deletes it. Nothing was changed." in rotate(code=1)
    assert alice.in_profile() == alice.first
    rotate("--delete-inactive")
    assert list(alice.states()) == [alice.in_profile()]


def test_who_may_make_no_key_keeps_the_old_one(alice: Alice) -> None:
    alice.may("iam:ListAccessKeys")
    assert "CreateAccessKey was answered AccessDenied: " in rotate(code=1)
    assert list(alice.states()) == [alice.in_profile()] == [alice.first]


def test_a_new_key_that_does_not_work_is_deleted_again(alice: Alice, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(service: str, profile: str, key: LongTermKey) -> Any:
        return client(service, profile, replace(key, secret_access_key="x") if service == "sts" else key)

    monkeypatch.setattr(rotate_key, "client", spoiled)
    monkeypatch.setattr(rotate_key, "_VERIFY_SECONDS", -1)
    told = rotate(code=1)
    assert "is deleted again; the profile has the key that it had." in told
    assert "GetCallerIdentity was answered SignatureDoesNotMatch: " in told
    assert list(alice.states()) == [alice.in_profile()] == [alice.first]


def test_a_new_key_that_cannot_be_written_is_deleted_again(alice: Alice, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "credentials")

    monkeypatch.setattr(rotate_key, "write_values", full)
    assert "credentials: No space left on device" in rotate(code=1)
    assert list(alice.states()) == [alice.in_profile()] == [alice.first]


def test_a_new_key_that_can_be_neither_used_nor_deleted_is_told(alice: Alice, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    alice.may("iam:ListAccessKeys", "iam:CreateAccessKey")
    monkeypatch.setattr(rotate_key, "_verify", interrupted)
    assert "is not used, and could not be deleted: DeleteAccessKey was answered AccessDenied" in rotate(code=1)
    assert alice.in_profile() == alice.first


@pytest.mark.parametrize(
    ("allowed", "state", "left"),
    [
        (OWN_KEYS[:2], "Active", "aws iam update-access-key --status Inactive and aws iam delete-access-key retire"),
        (OWN_KEYS[:3], "Inactive", "it is inactive; aws iam delete-access-key deletes"),
    ],
)
def test_an_old_key_that_stays_is_told_and_the_profile_has_the_new_one(
    alice: Alice, allowed: tuple[str, ...], state: str, left: str
) -> None:
    alice.may(*allowed)
    told = rotate(code=1)
    assert f"{left} {alice.first}" in told
    assert alice.states()[alice.first] == state
    assert alice.in_profile() != alice.first


def test_a_profile_without_a_key_of_its_own(alice: Alice) -> None:
    text = alice.home.credentials.read_text()
    alice.home.credentials.write_text(text + "aws_session_token = t\n")
    assert "The profile keys has no access key of its own." in rotate(code=1)
    alice.home.credentials.write_text(text)
