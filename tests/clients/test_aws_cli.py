"""The stock AWS CLI, with nothing but the variables that the first start prints."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.running import AWS, AWS_V2, RunningServer


class Cli:
    """The AWS CLI of one caller."""

    def __init__(self, environment: dict[str, str], program: Path = AWS) -> None:
        self._environment = environment
        self._program = program

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._program), *arguments, "--output", "json"],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment,
            timeout=600,
        )

    def __call__(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def error(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        return " ".join(done.stderr.split())

    def with_keys(self, given: dict[str, str]) -> Cli:
        """The same program for somebody else."""
        keys = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given.get("SessionToken", ""),
        }
        return Cli(self._environment | keys, self._program)


def allow(action: str, resource: str = "*", effect: str = "Allow") -> str:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture(params=[AWS, AWS_V2], ids=["v1", "v2"])
def root(server: RunningServer, request: pytest.FixtureRequest) -> Cli:
    program: Path = request.param
    if not program.exists():
        pytest.skip(f"{program} is not there: version 2 of the AWS CLI is for Linux on x86-64")
    return Cli(server.client_environment(), program)


def test_a_user_is_refused_allowed_and_refused_again(server: RunningServer, root: Cli) -> None:
    account = server.account_id
    created = root("iam", "create-user", "--user-name", "alice")["User"]
    assert created["Arn"] == f"arn:aws:iam::{account}:user/alice"
    assert created["UserId"].startswith("AIDA")
    alice = root.with_keys(root("iam", "create-access-key", "--user-name", "alice")["AccessKey"])

    refused = (
        "An error occurred (AccessDenied) when calling the ListUsers operation: "
        f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: iam:ListUsers "
        f"on resource: arn:aws:iam::{account}:user/ because no "
    )
    assert alice.error("iam", "list-users").endswith(f"{refused}identity-based policy allows the iam:ListUsers action")

    policy = root("iam", "create-policy", "--policy-name", "list", "--policy-document", allow("iam:List*"))["Policy"]
    root("iam", "attach-user-policy", "--user-name", "alice", "--policy-arn", policy["Arn"])
    assert [user["UserName"] for user in alice("iam", "list-users")["Users"]] == ["alice"]

    root("iam", "create-group", "--group-name", "staff")
    root("iam", "add-user-to-group", "--group-name", "staff", "--user-name", "alice")
    deny = allow("iam:ListUsers", effect="Deny")
    inline = ("--group-name", "staff", "--policy-name", "no-users")
    root("iam", "put-group-policy", *inline, "--policy-document", deny)
    assert alice.error("iam", "list-users").endswith("with an explicit deny in an identity-based policy")

    root("iam", "delete-group-policy", *inline)
    managed = root("iam", "create-policy", "--policy-name", "no-users", "--policy-document", deny)["Policy"]["Arn"]
    root("iam", "attach-group-policy", "--group-name", "staff", "--policy-arn", managed)
    assert alice.error("iam", "list-users").endswith(f"with an explicit deny in an identity-based policy: {managed}")
    root("iam", "detach-group-policy", "--group-name", "staff", "--policy-arn", managed)

    bound = root("iam", "create-policy", "--policy-name", "bound", "--policy-document", allow("iam:ListGroups"))
    boundary = ("--permissions-boundary", bound["Policy"]["Arn"])
    root("iam", "put-user-permissions-boundary", "--user-name", "alice", *boundary)
    assert alice.error("iam", "list-users").endswith(f"{refused}permissions boundary allows the iam:ListUsers action")
    assert [group["GroupName"] for group in alice("iam", "list-groups")["Groups"]] == ["staff"]


def test_a_role_with_an_external_id_and_a_session_policy(server: RunningServer, root: Cli, tmp_path: Path) -> None:
    account = server.account_id
    root("iam", "create-user", "--user-name", "alice")
    alice = root.with_keys(root("iam", "create-access-key", "--user-name", "alice")["AccessKey"])
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:user/alice"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "blue"}},
            },
        }
    )
    new_role = ("iam", "create-role", "--role-name", "reader", "--assume-role-policy-document", trust)
    role = root(*new_role)["Role"]
    read = ("iam", "put-role-policy", "--role-name", "reader", "--policy-name", "read")
    root(*read, "--policy-document", allow("iam:*"))

    assume = ("sts", "assume-role", "--role-arn", role["Arn"], "--role-session-name", "work")
    refused = f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: sts:AssumeRole on resource: "
    assert alice.error(*assume).endswith(refused + role["Arn"])
    assert alice.error(*assume, "--external-id", "red").endswith(refused + role["Arn"])
    answer = alice(*assume, "--external-id", "blue", "--policy", allow("iam:ListUsers"))
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/reader/work"

    session = root.with_keys(answer["Credentials"])
    assert session("sts", "get-caller-identity")["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert [user["UserName"] for user in session("iam", "list-users")["Users"]] == ["alice"]
    assert session.error("iam", "list-roles").endswith("because no session policy allows the iam:ListRoles action")

    root("iam", "delete-role-policy", "--role-name", "reader", "--policy-name", "read")
    root("iam", "delete-role", "--role-name", "reader")
    root(*new_role)
    root(*read, "--policy-document", allow("iam:*"))
    dead = session.error("sts", "get-caller-identity")
    assert "(InvalidClientTokenId)" in dead
    assert dead.endswith("The security token included in the request is invalid.")


def test_errors_are_those_of_aws(root: Cli) -> None:
    assert "(NoSuchEntity) when calling the GetUser operation: The user with name bob cannot be found." in root.error(
        "iam", "get-user", "--user-name", "bob"
    )
    root("iam", "create-user", "--user-name", "bob")
    assert "(EntityAlreadyExists) when calling the CreateUser operation: User with name BOB already exists." in (
        root.error("iam", "create-user", "--user-name", "BOB")
    )
    assert "(MalformedPolicyDocument)" in root.error(
        "iam", "create-policy", "--policy-name", "p", "--policy-document", "{"
    )
    wrong = root.error("iam", "create-user", "--user-name", "b@d name")
    assert "(ValidationError)" in wrong
    assert "operation: The specified value for userName is invalid. It must contain only alphanumeric" in wrong
