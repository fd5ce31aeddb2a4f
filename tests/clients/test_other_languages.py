"""Programs in Go and Ruby, by the SDKs that Debian has: credentials, pages, waiters, uploads, errors, wrong clocks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.running import RunningServer, running_server
from tests.clients.test_aws_cli import Cli, allow
from tests.clients.test_gateway_s3 import moto

HERE = Path(__file__).parent
GO_PATH = Path("/usr/share/gocode")
"""Where Debian has the sources of what is written in Go."""
TOO_SHORT = (
    "Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"
)
SESSION = "Cannot call GetSessionToken with session credentials"
SECONDS = 900


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Over TLS, where SDKs sign bodies in other ways, and with moto behind it."""
    directory = tmp_path_factory.mktemp("languages")
    with (
        moto() as (upstream, own),
        running_server(directory / "data", "--tls", "self-signed", "--upstream", upstream) as made,
    ):
        assert own == {}
        yield made


def trusting(server: RunningServer, **more: str) -> dict[str, str]:
    """The environment of a client that takes the server's certificate."""
    return server.client_environment(SSL_CERT_FILE=str(server.data_dir / "tls" / "ca.pem"), **more)


def printed(command: list[str], environment: dict[str, str]) -> list[str]:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def program_in_go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_in_go(HERE / "go" / "main.go", tmp_path_factory.mktemp("go"))


def built_in_go(source: Path, directory: Path) -> Path:
    """A program in Go, made in a directory. Skips the test if Go or its SDK is not here."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed: Debian's golang-go")
    if not (GO_PATH / "src/github.com/aws/aws-sdk-go-v2/service/iam").exists():
        pytest.skip("the AWS SDK for Go is not installed: Debian's golang-github-aws-aws-sdk-go-v2-dev")
    made = directory / "program"
    settings = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOFLAGS": "-p=2"}
    printed(["go", "build", "-o", str(made), str(source)], {**os.environ, **settings})
    return made


def test_the_sdk_for_go(server: RunningServer, program_in_go: Path) -> None:
    account, at = server.account_id, server.endpoint

    def denied(action: str, resource: str) -> str:
        who = f"User: arn:aws:iam::{account}:user/go/ada is not authorized to perform: {action} on resource: {resource}"
        return (
            f"*smithy.GenericAPIError AccessDenied: {who} because no identity-based policy allows the {action} action"
        )

    none = "AWSOrganizationsNotInUseException"
    assert printed([str(program_in_go)], trusting(server)) == [
        "größe + @=",
        "2 users",
        "1 users",
        "*types.EntityAlreadyExistsException EntityAlreadyExists: User with name ada already exists.",
        "*types.MalformedPolicyDocumentException MalformedPolicyDocument: Syntax errors in policy.",
        denied("iam:ListUsers", f"arn:aws:iam::{account}:user/"),
        "*types.DeleteConflictException DeleteConflict: Cannot delete entity, must delete access keys first.",
        "200 true",
        f"*types.{none} {none}: Your account is not a member of an organization.",
        "hello",
        f"{at}/from-go/a/large",
        "*types.NoSuchKey NoSuchKey: ",
        denied("s3:GetObject", '"arn:aws:s3:::from-go/a b+ü/c"'),
        f"{at}/{account}/q",
        denied("sqs:sendmessage", f"arn:aws:sqs:us-east-1:{account}:q"),
        "*types.ResourceNotFoundException ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        "*types.InvalidCiphertextException InvalidCiphertextException: ",
    ]


def test_the_sdk_for_ruby(server: RunningServer) -> None:
    if shutil.which("ruby") is None:
        pytest.skip("Ruby is not installed")
    needed = 'require "aws-sdk-core"; require "aws-sdk-kms"; require "aws-sdk-s3"'
    if subprocess.run(["ruby", "-e", needed], capture_output=True, check=False).returncode:
        pytest.skip("the AWS SDK for Ruby is not installed: Debian's ruby-aws-sdk-kms and ruby-aws-sdk-s3")
    root = Cli(server.client_environment(AWS_CA_BUNDLE=str(server.data_dir / "tls" / "ca.pem")))
    root("iam", "create-user", "--user-name", "rubyist")
    policy = ["--policy-name", "p", "--policy-document"]
    root("iam", "put-user-policy", "--user-name", "rubyist", *policy, allow("sts:*", "*"))
    key = root("iam", "create-access-key", "--user-name", "rubyist")["AccessKey"]
    statement = {"Effect": "Allow", "Principal": {"AWS": server.account_id}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    role = root("iam", "create-role", "--role-name", "rubyists", "--assume-role-policy-document", trust)["Role"]["Arn"]
    root("iam", "put-role-policy", "--role-name", "rubyists", *policy, allow("*", "*"))
    own = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    session = f"arn:aws:sts::{server.account_id}:assumed-role/rubyists/ruby-session"
    alias = f"arn:aws:kms:us-east-1:{server.account_id}:alias/none"
    assert printed(["ruby", "-W0", str(HERE / "ruby" / "main.rb")], trusting(server, ROLE=role, **own)) == [
        session,
        f"Aws::STS::Errors::AccessDenied {SESSION}",
        f"Aws::STS::Errors::ValidationError 1 validation error detected: {TOO_SHORT}",
        f"Aws::KMS::Errors::NotFoundException Alias {alias} is not found.",
        "Aws::KMS::Errors::InvalidCiphertextException Aws::KMS::Errors::InvalidCiphertextException",
        "hello",
        str(6 * 1024 * 1024),
        f"{server.endpoint}/from-ruby/a%2Fb",
        '["a b+ü/c", "a/b", "a/large"]',
        "Aws::S3::Errors::NoSuchKey The specified key does not exist.",
        session,
        "0",
        "3",
    ]
