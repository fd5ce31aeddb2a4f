"""The database stops under a running server: deciding goes on, changing waits."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from carnet.directory import follower as follower_module
from carnet.jobs import periodic as periodic_module
from carnet.server import writer as writer_module
from tests.server.in_process import InProcessServer, in_process_server
from tests.stores.postgresql import PostgresqlServer, running_server


@pytest.fixture
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


@pytest.fixture
def server(tmp_path: Path, database: PostgresqlServer) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path, database_url=database.new_database(patient=False)) as running:
        yield running


def _alice_with_a_role(server: InProcessServer) -> tuple[dict[str, str], str]:
    iam = server.client("iam")
    alice = iam.create_user(UserName="alice")["User"]
    key: dict[str, str] = iam.create_access_key(UserName="alice")["AccessKey"]
    trust = {"Effect": "Allow", "Principal": {"AWS": alice["Arn"]}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role: str = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow})
    iam.put_role_policy(RoleName="worker", PolicyName="get", PolicyDocument=policy)
    return key, role


def _error(call: Any, **given: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_deciding_goes_on_and_changing_answers_503(server: InProcessServer, database: PostgresqlServer) -> None:
    key, role = _alice_with_a_role(server)
    alice = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    database.stop()

    session = server.client("sts", **alice).assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
    held = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert server.client("iam", *held).get_user(UserName="alice")["User"]["UserName"] == "alice"
    assert _error(server.client("iam", *held).list_users) == ("AccessDenied", 403)
    assert _error(server.client("iam", "AKIAQNZGKIQY56JQ7WML", "x").list_users) == ("InvalidClientTokenId", 403)

    # How long a change waits is what the store is set up with: see tests/stores/test_outage.py.
    assert _error(server.client("iam").create_user, UserName="bob") == ("ServiceUnavailable", 503)
    assert b'"store":"unreachable"' in _eventually(server, b"unreachable")

    database.start()
    assert b'"store":"reachable"' in _eventually(server, b'"reachable"')
    server.client("iam").create_user(UserName="bob")
    assert {user["UserName"] for user in server.client("iam").list_users()["Users"]} == {"alice", "bob"}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # what was left behind closes no connection
def test_a_database_that_hangs_is_as_one_that_is_down(
    tmp_path: Path, database: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It raises nothing and keeps none of its own timeouts; the server says so, goes on deciding, and can be ended."""
    others = set(threading.enumerate())
    monkeypatch.setattr(writer_module, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(follower_module, "SILENT_SECONDS", 1.0)
    for module in (writer_module, periodic_module):
        monkeypatch.setattr(module, "STOP_SECONDS", 1.0)
    try:
        with in_process_server(tmp_path, database_url=database.new_database(patient=False)) as server:
            server.client("iam").create_user(UserName="alice")
            database.hang()
            for _ in range(2):
                assert _error(server.client("iam").create_user, UserName="bob") == ("ServiceUnavailable", 503)
            assert server.client("iam").get_user(UserName="alice")["User"]["UserName"] == "alice"
            assert b'"store":"unreachable"' in _eventually(server, b"unreachable")
            ends = time.monotonic()
        assert time.monotonic() - ends < 10
    finally:
        database.go_on()
        _wait_for_threads_left_behind(others)


def _wait_for_threads_left_behind(others: set[threading.Thread]) -> None:
    for thread in set(threading.enumerate()) - others:
        if thread.name == "writer" or thread.name.startswith("carnet-"):
            thread.join(60)
            assert not thread.is_alive(), thread.name
    # A store that is closed while a thread waits in it does not close that thread's connection.
    for left in gc.get_objects():
        if isinstance(left, psycopg.Connection):
            left.close()


def _eventually(server: InProcessServer, wanted: bytes) -> bytes:
    answer = b""
    for _ in range(200):
        answer = server.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        if wanted in answer:
            break
        time.sleep(0.05)
    return answer
