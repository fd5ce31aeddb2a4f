"""`carnet credentials serve`: the SDK finds the credentials by itself, and nobody else does."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import click
import pytest

from carnet.cli.workload_endpoints import Tokens, container_credentials, instance_metadata
from carnet.cli.workload_session import NoSession, WorkloadSession
from tests.cli.profiles import Home, home_of
from tests.server.in_process import InProcessServer, in_process_server
from tests.starting.forked import Carnet, carnet
from tests.waiting import PATIENCE_SECONDS

TTL, TOKEN = "X-aws-ec2-metadata-token-ttl-seconds", "X-aws-ec2-metadata-token"
CREDENTIALS = "/latest/meta-data/iam/security-credentials/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("server")) as running:
        iam = running.client("iam")
        for name, service in (("task", "ecs-tasks.amazonaws.com"), ("instance", "ec2.amazonaws.com")):
            statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
        iam.create_instance_profile(InstanceProfileName="machines")
        iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="instance")
        yield running


@pytest.fixture
def home(server: InProcessServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    key = {"AccessKeyId": server.root.access_key_id, "SecretAccessKey": server.root.secret_access_key}
    return home_of(tmp_path, monkeypatch, server.endpoint, key)


@contextmanager
def serving(*arguments: str) -> Iterator[dict[str, str]]:
    """The variables that it prints, while it runs."""
    words = ("credentials", *arguments)
    running = Carnet(*words, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert running.stdout is not None
    timer = threading.Timer(300, running.kill)
    timer.start()
    try:
        variables: dict[str, str] = {}
        assert running.stdout.readline().startswith("Sessions of ")
        while not {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_AUTHORIZATION_TOKEN"} & variables.keys():
            found = re.fullmatch(r"export (\w+)=(\S+)\n", running.stdout.readline())
            assert found is not None
            variables[found[1]] = found[2]
        yield variables
    finally:
        timer.cancel()
        running.terminate()
        assert running.wait(timeout=120) == 0
        running.stdout.close()


def identity(server: InProcessServer, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> str:
    """Who boto is with the credentials that it finds."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_METADATA_SERVICE_TIMEOUT", "60")  # botocore waits a second, which a busy machine may need
    session = botocore.session.Session()
    sts: Any = session.create_client("sts", region_name="us-east-1", endpoint_url=server.endpoint)
    arn: str = sts.get_caller_identity()["Arn"]
    return arn


def test_an_sdk_finds_the_credentials_of_an_instance(
    server: InProcessServer, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("--profile", "keys", "serve", "--instance-profile", "machines") as variables:
        assert re.search(r":assumed-role/instance/i-[0-9a-f]{17}$", identity(server, monkeypatch, variables))


def test_an_sdk_finds_the_credentials_of_a_container(
    server: InProcessServer, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving("serve", "--profile", "keys", "--role", "task") as variables:
        assert re.search(r":assumed-role/task/[0-9a-f]{32}$", identity(server, monkeypatch, variables))


def test_one_line_says_why_there_is_no_session(server: InProcessServer, home: Home) -> None:
    for arguments, code, told in (
        (["--role", "instance"], 1, "ecs-tasks.amazonaws.com cannot assume the role "),
        (["--role", "absent"], 1, "The role with name absent cannot be found."),
        ([], 2, "Give --role or --instance-profile, one of them."),
        (["--role", "task", "--host", "0.0.0.0"], 2, "is no loopback address"),
        (["--role", "task", "--profile", "other"], 1, "profile other"),
    ):
        done = carnet("credentials", "--profile", "keys", "serve", *arguments)
        assert done.returncode == code, done.stderr
        assert told in done.stderr


class Served:
    """An endpoint in this process."""

    def __init__(self, server: Any, variables: Mapping[str, str]) -> None:
        self.server = server
        self.variables = variables
        self.port: int = server.server_address[1]

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


def made(seconds: int = 3600) -> dict[str, str]:
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    told = {"role": "r", "roleArn": "arn:aws:iam::1:role/r", "accessKeyId": "ASIA", "secretAccessKey": "s"}
    return {**told, "sessionToken": "t", "expiration": ends.isoformat(timespec="seconds")}


@contextmanager
def served(server: Any, variables: Mapping[str, str]) -> Iterator[Served]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield Served(server, variables)
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def instance() -> Iterator[Served]:
    told = {"/latest/meta-data/instance-id": "i-1"}
    with served(*instance_metadata(WorkloadSession(made), "127.0.0.1", 0, told)) as running:
        yield running


@pytest.fixture
def container() -> Iterator[Served]:
    with served(*container_credentials(WorkloadSession(made), "127.0.0.1", 0)) as running:
        yield running


def token(instance: Served, seconds: str = "60") -> str:
    status, body = instance.ask("PUT", "/latest/api/token", **{TTL: seconds})
    assert status == 200
    return body


def test_without_a_token_an_instance_is_told_nothing(instance: Served) -> None:
    assert instance.ask("GET", CREDENTIALS)[0] == 401
    assert instance.ask("GET", CREDENTIALS, **{TOKEN: "x"})[0] == 401
    good = {TOKEN: token(instance)}
    assert instance.ask("GET", CREDENTIALS, **good) == (200, "r")
    assert instance.ask("GET", "/latest/meta-data/instance-id", **good) == (200, "i-1")
    assert instance.ask("GET", "/latest/user-data", **good)[0] == 404
    assert instance.ask("GET", CREDENTIALS + "other", **good)[0] == 404
    told = json.loads(instance.ask("GET", CREDENTIALS + "r", **good)[1])
    assert (told["Code"], told["Type"], told["AccessKeyId"], told["Token"]) == ("Success", "AWS-HMAC", "ASIA", "t")


@pytest.mark.parametrize(
    ("seconds", "status"),
    [("1", 200), ("21600", 200), ("0", 400), ("21601", 400), ("", 400), ("-1", 400), ("\u00b2", 400), ("9" * 30, 400)],
)
def test_a_token_lives_for_six_hours_at_most(instance: Served, seconds: str, status: int) -> None:
    assert instance.ask("PUT", "/latest/api/token", **{TTL: seconds})[0] == status


def test_tokens_end_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("carnet.cli.workload_endpoints.time", SimpleNamespace(monotonic=lambda: clock[0]))
    tokens = Tokens()
    first = tokens.make(60)
    clock[0] = 59.9
    assert tokens.good(first)
    clock[0] = 60.0
    assert not tokens.good(first)
    kept = [tokens.make(60) for _ in range(1_001)]
    assert not tokens.good(kept[0])
    assert all(map(tokens.good, kept[1:]))


@pytest.mark.parametrize(
    "headers",
    [{"X_Forwarded_For": "10.0.0.1"}, {"Host": "attacker.example"}, {"Host": "127.0.0.1.attacker.example:80"}],
)
def test_what_is_forwarded_or_rebound_is_refused(instance: Served, container: Served, headers: dict[str, str]) -> None:
    assert instance.ask("PUT", "/latest/api/token", **{TTL: "60"}, **headers)[0] == 403
    assert instance.ask("GET", CREDENTIALS, **{TOKEN: token(instance)}, **headers)[0] == 403
    secret = container.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert container.ask("GET", "/credentials", Authorization=secret, **headers)[0] == 403


def test_an_answer_makes_one_hop(instance: Served) -> None:
    hops: Queue[int] = Queue()
    shut = instance.server.shutdown_request

    def told_and_shut(request: socket.socket) -> None:
        hops.put(request.getsockopt(socket.IPPROTO_IP, socket.IP_TTL))
        shut(request)

    instance.server.shutdown_request = told_and_shut
    token(instance)
    assert hops.get(timeout=PATIENCE_SECONDS) == 1


def test_a_container_needs_its_token(container: Served) -> None:
    secret = container.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    path = urlsplit(container.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).path
    assert container.ask("GET", path)[0] == 401
    assert container.ask("GET", path, Authorization="x")[0] == 401
    status, body = container.ask("GET", path, Authorization=secret)
    assert (status, json.loads(body)["RoleArn"]) == (200, "arn:aws:iam::1:role/r")
    assert container.ask("GET", "/other", Authorization=secret)[0] == 404
    assert container.ask("DELETE", path, Authorization=secret)[0] == 501


def test_a_session_is_renewed_before_it_ends() -> None:
    given = iter([made(3), made(3600), made(3600)])
    session = WorkloadSession(lambda: next(given))
    first = session.get()
    assert session.get() == first
    session._renew = datetime.now(UTC)
    second = session.get()
    assert second["Expiration"] > first["Expiration"]


def test_a_server_that_does_not_answer_does_no_harm_while_the_session_lives() -> None:
    answers: list[dict[str, str]] = [made(3600)]

    def create() -> dict[str, str]:
        if not answers:
            raise click.ClickException("No server answers.")
        return answers.pop()

    session = WorkloadSession(create)
    first = session.get()
    session._renew = datetime.now(UTC)
    assert session.get() == first
    session._ends = datetime.now(UTC)
    with pytest.raises(NoSession, match="No server answers"):
        session.get()


def test_what_cannot_be_had_is_told_as_aws_tells_it() -> None:
    session = WorkloadSession(made)

    def fail() -> dict[str, str]:
        raise NoSession("no")

    session.get = fail  # type: ignore[method-assign]
    with served(*instance_metadata(session, "127.0.0.1", 0, {})) as instance:
        status, body = instance.ask("GET", CREDENTIALS + "r", **{TOKEN: token(instance)})
        assert (status, json.loads(body)["Code"]) == (200, "AssumeRoleUnauthorizedAccess")
    with served(*container_credentials(session, "127.0.0.1", 0)) as container:
        secret = container.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        status, body = container.ask("GET", "/credentials", Authorization=secret)
        assert (status, json.loads(body)["message"]) == (502, "no")
