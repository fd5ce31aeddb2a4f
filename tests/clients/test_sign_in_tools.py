"""After `aws sso login` and `aws login` other tools have credentials, too: SDKs, which refresh them, and wrappers."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from carnet.entities.identity_center_instance import Instance
from tests.clients.running import AWS_V2
from tests.clients.signing_in import (
    CODE,
    Terminal,
    allow_device,
    approve,
    configure,
    configure_login,
    role_of,
    take_back,
    user_with_login,
    waiting,
)
from tests.clients.test_terraform import mirror
from tests.console.conftest import Site
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person
from tests.server.in_process import in_process_server

assert callable(instance), "a fixture"
BIN = Path(".venv-clients/bin").absolute()
CRT = Path(".venv-crt/bin/python").absolute()
"""Of an environment with awscrt, by which boto3 uses what `aws login` got."""
SDK = Path(".venv-clients/node/node_modules/@aws-sdk/credential-providers").absolute()
_PROGRAM = """
const { fromSSO, fromLoginCredentials } = require("@aws-sdk/credential-providers");
const { STSClient, GetCallerIdentityCommand } = require("@aws-sdk/client-sts");
const credentials = (process.argv[2] === "sso" ? fromSSO : fromLoginCredentials)();
new STSClient({ credentials }).send(new GetCallerIdentityCommand()).then((told) => console.log(told.Arn));
"""
_TERRAFORM = """
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" { profile = "dev" }
data "aws_caller_identity" "me" {}
output "arn" { value = data.aws_caller_identity.me.arn }
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with in_process_server(tmp_path_factory.mktemp("site"), password_hash_kib=8) as server:
        yield Site(server, server.client("iam"))


def home(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Terminal:
    if not AWS_V2.exists():
        pytest.skip(f"{AWS_V2} is not there: make clients unpacks it")
    return Terminal(tmp_path_factory.mktemp("home"), site)


@pytest.fixture(scope="module")
def mary(site: Site, instance: Instance) -> Person:
    made = Person(site, instance)
    made.assigned()
    return made


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory, site: Site, mary: Person) -> Terminal:
    """The home of Mary, who has signed in for the profile dev, in the sso-session carnet."""
    made = home(tmp_path_factory, site)
    configure(made, mary, role_of(mary))
    with made.waiting("sso", "login", "--profile", "dev", "--no-browser") as (_, url):
        take_back(mary, url)
    return made


@pytest.fixture(scope="module")
def logged_in(tmp_path_factory: pytest.TempPathFactory, site: Site) -> tuple[Terminal, str]:
    """The home of a user who has used `aws login` for the profile me, and how the ARN ends."""
    made = home(tmp_path_factory, site)
    configure_login(made)
    name, browser = user_with_login(site)
    with made.waiting("login", "--remote", "--profile", "me") as (process, url):
        assert process.stdin is not None
        process.stdin.write(approve(browser, url)["message"] + "\n")
        process.stdin.flush()
    return made, f":user/{name}"


def program(name: str) -> Path:
    if not (BIN / name).exists():
        pytest.skip(f"{name} is not installed: make clients")
    return BIN / name


def in_javascript(terminal: Terminal, kind: str, profile: str, tmp_path: Path) -> str:
    if not SDK.exists():
        pytest.skip("The AWS SDK for JavaScript is not installed: make clients, with npm")
    script = tmp_path / "who.js"
    script.write_text(_PROGRAM)
    # Not as an argument: the clients within would look for the address of their service in the profile `default`.
    return terminal.ran("node", script, kind, AWS_PROFILE=profile, NODE_PATH=str(SDK.parent.parent)).strip()


def outdate(directory: Path) -> str:
    """Let what a tool has kept be good no longer, so that it asks for more; what the refresh token was."""
    (file,) = directory.glob("*.json")
    kept = json.loads(file.read_text())
    kept["accessToken"]["expiresAt"] = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    file.write_text(json.dumps(kept))
    return str(kept["refreshToken"])


def refresh_token(directory: Path) -> str:
    (file,) = directory.glob("*.json")
    return str(json.loads(file.read_text())["refreshToken"])


def test_javascript_takes_the_sign_in_of_a_person(terminal: Terminal, mary: Person, tmp_path: Path) -> None:
    assert in_javascript(terminal, "sso", "dev", tmp_path).endswith(f"/{mary.user.user_name}")


def test_each_client_refreshes_the_sign_in_of_a_person(terminal: Terminal, mary: Person, tmp_path: Path) -> None:
    """One after the other they find a token that is over, and leave the next one one that they can go on with."""
    end, cache = f"/{mary.user.user_name}", terminal.config.parent / "sso" / "cache"
    clients: dict[str, Callable[[], str]] = {
        "boto3": lambda: terminal.boto3("dev"),
        "aws": lambda: terminal.aws("sts", "get-caller-identity", "--profile", "dev")["Arn"],
        "javascript": lambda: in_javascript(terminal, "sso", "dev", tmp_path),
    }
    for name, arn in clients.items():
        before = over(cache)
        assert arn().endswith(end), name
        after = token_in(cache)
        assert after["refreshToken"] != before["refreshToken"], name
        assert after["accessToken"] != before["accessToken"], name


def _token_file(cache: Path) -> Path:
    """Where the AWS CLI keeps a sign-in, beside what it keeps of its registration."""
    (file,) = (file for file in cache.glob("*.json") if "refreshToken" in json.loads(file.read_text()))
    return file


def token_in(cache: Path) -> dict[str, str]:
    kept: dict[str, str] = json.loads(_token_file(cache).read_text())
    return kept


def over(cache: Path) -> dict[str, str]:
    """Let the token be over, as clients see it."""
    kept = token_in(cache)
    _token_file(cache).write_text(json.dumps({**kept, "expiresAt": "2020-01-01T00:00:00Z"}))
    return kept


def test_terraform_takes_the_sign_in_of_a_person(terminal: Terminal, mary: Person, tmp_path: Path) -> None:
    found, program = mirror(), shutil.which("terraform")
    if found is None or program is None:
        pytest.skip("Terraform, or its provider in a local mirror, is not here")
    (tmp_path / "main.tf").write_text(_TERRAFORM)
    for arguments in (("init", f"-plugin-dir={found}"), ("apply", "-auto-approve")):
        terminal.ran(program, f"-chdir={tmp_path}", *arguments, TF_CLI_CONFIG_FILE=os.devnull)
    arn = terminal.ran(program, f"-chdir={tmp_path}", "output", "-raw", "arn")
    assert arn.endswith(f"/{mary.user.user_name}")


def test_aws2_wrap_and_yawsso_take_the_sign_in_of_a_person(terminal: Terminal, mary: Person) -> None:
    end = f"/{mary.user.user_name}"
    command = ("--profile", "dev", BIN / "python", "-c", _WHO)
    wrapped = terminal.ran(program("aws2-wrap"), *command, AWS_ENDPOINT_URL=terminal.site.server.endpoint)
    assert wrapped.strip().endswith(end)
    terminal.ran(program("yawsso"), "--profiles", "dev")
    written = terminal.config.with_name("credentials").read_text()
    assert "[dev]" in written
    assert "aws_session_token" in written


def test_aws_sso_util_signs_a_person_in(terminal: Terminal, mary: Person) -> None:
    util = program("aws-sso-util")
    environment = terminal.environment | {"AWS_ENDPOINT_URL": terminal.site.server.endpoint}
    where = (mary.instance.start_url, "us-east-1")
    with waiting(util, "login", *where, "--headless", env=environment, form=CODE) as (_, code):
        allow_device(mary, code)
    shown = terminal.ran(util, "roles", "--sso-start-url", where[0], "--sso-region", where[1], **environment)
    assert role_of(mary) in shown


def test_javascript_refreshes_what_aws_login_got(logged_in: tuple[Terminal, str], tmp_path: Path) -> None:
    terminal, end = logged_in
    cache = terminal.config.parent / "login" / "cache"
    before = outdate(cache)
    assert in_javascript(terminal, "login", "me", tmp_path).endswith(end)
    assert refresh_token(cache) != before


def test_boto3_refreshes_what_aws_login_got(logged_in: tuple[Terminal, str]) -> None:
    if not CRT.exists():
        pytest.skip("boto3[crt] is not installed: make clients")
    terminal, end = logged_in
    cache = terminal.config.parent / "login" / "cache"
    before = outdate(cache)
    assert terminal.boto3("me", CRT).endswith(end)
    assert refresh_token(cache) != before


_WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
