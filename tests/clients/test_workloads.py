"""`carnet credentials serve`: the AWS CLI and the SDK for JavaScript find the credentials as on EC2 and ECS."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clients.running import AWS, AWS_V2, RunningServer
from tests.clients.test_aws_cli import Cli
from tests.clients.test_other_signers import SDK_3
from tests.starting.forked import Carnet

WHO = """
const {STSClient, GetCallerIdentityCommand} = require(process.env.SDK + "/client-sts");
const {fromNodeProviderChain} = require(process.env.SDK + "/credential-providers");
const credentials = fromNodeProviderChain({timeout: 60000, maxRetries: 5});  // the chain without options waits a second
const sts = new STSClient({region: "us-east-1", credentials});
sts.send(new GetCallerIdentityCommand()).then(who => console.log(who.Arn));
"""
SERVICES = {"task": "ecs-tasks.amazonaws.com", "instance": "ec2.amazonaws.com"}


@pytest.fixture
def roles(server: RunningServer) -> RunningServer:
    root = Cli(server.client_environment())
    for name, service in SERVICES.items():
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        root("iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust)
    root("iam", "create-instance-profile", "--instance-profile-name", "machines")
    root(*["iam", "add-role-to-instance-profile", "--instance-profile-name", "machines", "--role-name", "instance"])
    return server


@contextmanager
def workload(server: RunningServer, *arguments: str) -> Iterator[dict[str, str]]:
    """The environment of a workload that has no other credentials, while it can ask."""
    caller = server.client_environment() | {"PYTHONUNBUFFERED": "1"}
    running = Carnet("credentials", "serve", *arguments, stdout=subprocess.PIPE, env=caller)
    assert running.stdout is not None
    timer = threading.Timer(300, running.kill)
    timer.start()
    try:
        variables: dict[str, str] = {}
        assert running.stdout.readline().startswith("Sessions of ")
        while not {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_AUTHORIZATION_TOKEN"} & variables.keys():
            line = running.stdout.readline()
            assert line, "it has ended"
            name, _, value = line.removeprefix("export ").strip().partition("=")
            variables[name] = value
        kept = {name: value for name, value in server.client_environment().items() if name not in _OWN}
        yield kept | variables | _PATIENCE
    finally:
        timer.cancel()
        running.terminate()
        running.wait(timeout=120)
        running.stdout.close()


_PATIENCE = {"AWS_METADATA_SERVICE_TIMEOUT": "60", "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "5"}
"""The AWS CLI asks once and waits a second, which a busy machine may need."""
_OWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_EC2_METADATA_DISABLED")


def found_by_node(environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        ["node", "-e", WHO],
        env={**environment, "SDK": str(SDK_3)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("arguments", [("--role", "task"), ("--instance-profile", "machines")], ids=" ".join)
def test_clients_find_the_role(roles: RunningServer, arguments: tuple[str, str]) -> None:
    role = "task" if arguments[0] == "--role" else "instance"
    with workload(roles, *arguments) as environment:
        found = [
            Cli(environment, program)("sts", "get-caller-identity")["Arn"]
            for program in (AWS, AWS_V2)
            if program.exists()
        ]
        if shutil.which("node") is not None and Path(SDK_3).exists():
            found.append(found_by_node(environment))
    assert found
    for arn in found:
        assert re.fullmatch(rf"arn:aws:sts::{roles.account_id}:assumed-role/{role}/(i-)?[0-9a-f]+", arn)
