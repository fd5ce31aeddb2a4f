"""The database stops under a running server: deciding goes on, changing waits."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.server.writer import TURN_SECONDS
from tests.server.in_process import InProcessServer, in_process_server
from tests.stores.link import linked
from tests.stores.postgresql import PostgresqlServer, running_server, soon_silent
from tests.waiting import eventually


@pytest.fixture
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


@pytest.fixture
def server(tmp_path: Path, database: PostgresqlServer) -> Iterator[InProcessServer]:
    with in_process_server(
        tmp_path, database_url=soon_silent(database.new_database(patient=False)), patient=False
    ) as running:
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
    if answer["ResponseMetadata"]["HTTPStatusCode"] == 503:
        assert answer["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "2"
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


Fault = tuple[str, Callable[[], None], Callable[[], None]]
"""The database's URL, what makes it silent, and what ends that."""


@pytest.fixture(params=["stopped processes", "swallowed packets"])
def silence(request: pytest.FixtureRequest, database: PostgresqlServer) -> Iterator[Fault]:
    url = soon_silent(database.new_database(patient=False))
    if request.param == "stopped processes":
        yield url, database.hang, database.go_on
        database.go_on()
        return
    with linked(url) as (link, through):
        yield through, link.swallow, link.heal


def test_a_database_that_hangs_is_as_one_that_is_down(tmp_path: Path, silence: Fault) -> None:
    """It raises nothing and keeps none of its own timeouts; deciding goes on, changes are refused, health says so."""
    url, begin, end = silence
    with in_process_server(tmp_path, database_url=url, patient=False) as server:
        key, role = _alice_with_a_role(server)
        alice = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
        clients = [server.client("iam") for _ in range(10)]
        with ThreadPoolExecutor(10) as callers:
            begin()
            began = time.monotonic()
            refused = list(callers.map(_refusal_of_a_change, clients, range(10)))
            assert b'"store":"unreachable"' in _eventually(server, b"unreachable")
            assert time.monotonic() - began < _NOTICED_WITHIN
        assert {one[0] for one in refused} == {("ServiceUnavailable", 503)}
        assert sorted(delay for _, delay in refused)[4] < _REFUSED_WITHIN
        quickest = min(_refusal_of_a_change(clients[0], number)[1] for number in range(20))
        assert quickest < _AT_ONCE, "known to be silent, it is not asked by every change"
        session = server.client("sts", **alice).assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
        held = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        assert server.client("iam", *held).get_user(UserName="alice")["User"]["UserName"] == "alice"

        end()
        assert b'"store":"reachable"' in _eventually(server, b'"reachable"')
        server.client("iam").create_user(UserName="bob")
        names = {user["UserName"] for user in server.client("iam").list_users()["Users"]}
        assert names == {"alice", "bob"}, "what was refused has not been made since"

        begin()
        ends = time.monotonic()
    assert time.monotonic() - ends < _ENDS_WITHIN


def test_a_file_that_another_process_holds_is_as_a_database_that_is_down(tmp_path: Path) -> None:
    with (
        in_process_server(tmp_path, patient=False) as server,
        closing(sqlite3.connect(tmp_path / "data" / "carnet.db")) as other,
    ):
        server.client("iam").create_user(UserName="alice")
        clients = [server.client("iam") for _ in range(10)]
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(10) as callers:
            refused = list(callers.map(_refusal_of_a_change, clients, range(10)))
        assert {one[0] for one in refused} == {("ServiceUnavailable", 503)}
        assert sorted(delay for _, delay in refused)[4] < _REFUSED_WITHIN
        assert min(_refusal_of_a_change(clients[0], number)[1] for number in range(20)) < _AT_ONCE
        assert server.client("iam").get_user(UserName="alice")["User"]["UserName"] == "alice"
        other.execute("ROLLBACK")
        _eventually_changed(server, "carol")
        names = {user["UserName"] for user in server.client("iam").list_users()["Users"]}
        assert names == {"alice", "carol"}, "what was refused has not been made since"


def test_a_change_of_which_nobody_knows_is_said_to_be_one(tmp_path: Path, database: PostgresqlServer) -> None:
    """The database commits, and its answer is lost: the caller and the log are told that it may have happened."""
    with (
        linked(soon_silent(database.new_database(patient=False))) as (link, url),
        in_process_server(tmp_path, database_url=url, patient=False) as server,
    ):
        link.lose_answers_after = b"INSERT INTO audit_events", b"COMMIT"
        with pytest.raises(ClientError, match="the change may have been made") as caught:
            server.client("iam").create_user(UserName="alice")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        event = json.loads((tmp_path / "data" / "audit" / "audit.jsonl").read_bytes().splitlines()[-1])
        assert "the change may have been made" in event["errorMessage"]
        link.heal()
        _eventually_changed(server, "bob")
        assert {user["UserName"] for user in server.client("iam").list_users()["Users"]} == {"alice", "bob"}


def _eventually_changed(server: InProcessServer, name: str) -> None:
    def changed() -> bool:
        try:
            server.client("iam").create_user(UserName=name)
        except ClientError:
            return False
        return True

    eventually(changed, pause=0.05)


_AT_ONCE = 0.9 * TURN_SECONDS
"""Less than each change waits for a store that is not known to be held."""
_REFUSED_WITHIN, _NOTICED_WITHIN, _ENDS_WITHIN = 10.0, 15.0, 20.0
"""Less than what a store that does not answer would keep them for; more than the second that the server promises for a
refusal, and the five for health, since the tests share their machine."""


def _refusal_of_a_change(client: Any, number: int) -> tuple[tuple[str, int], float]:
    """How a change was refused, and after how many seconds."""
    began = time.monotonic()
    return _error(client.create_user, UserName=f"bob{number}"), time.monotonic() - began


def _eventually(server: InProcessServer, wanted: bytes) -> bytes:
    """What health says once it says that: a connection that was begun in silence takes its time."""

    def told() -> bytes | None:
        answer = server.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        return answer if wanted in answer else None

    return eventually(told, pause=0.05) or b""
