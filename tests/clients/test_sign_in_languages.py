"""A person signs in from programs in Go and Ruby, by the SDKs that Debian has: a device, the portal, a refresh."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from tests.clients.signing_in import SECONDS, allow_device
from tests.clients.test_other_languages import HERE, built_in_go
from tests.console.conftest import Site
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person
from tests.server.in_process import in_process_server

assert callable(instance), "a fixture"
PENDING = "authorization_pending"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with in_process_server(tmp_path_factory.mktemp("site"), password_hash_kib=8) as server:
        yield Site(server, server.client("iam"))


@pytest.fixture
def mary(site: Site, instance: Any) -> Person:
    """A person of each test's own: they sign out."""
    made = Person(site, instance)
    made.assigned()
    return made


def printed(command: list[str], mary: Person, home: Path) -> list[str]:
    """What a program prints while somebody signs in: the line with the code is not among it."""
    environment = {
        "AWS_ENDPOINT_URL": mary.site.server.endpoint,
        "CACHE": str(home / "token.json"),
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "START_URL": mary.instance.start_url,
    }
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        too_long = Timer(SECONDS, process.kill)
        too_long.start()
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            first, code = process.stdout.readline(), process.stdout.readline()
            assert code.strip(), process.stderr.read()
            allow_device(mary, code.strip())
            shown, problem = process.communicate("go on\n")
            assert process.returncode == 0, first + shown + problem
            return [first.rstrip("\n"), *shown.splitlines()]
        finally:
            too_long.cancel()
            process.kill()


def check(mary: Person, arn: str) -> None:
    assert arn.startswith(f"arn:aws:sts::{mary.site.account}:assumed-role/AWSReservedSSO_")
    assert arn.endswith(f"/{mary.user.user_name}")


def test_the_sdk_for_go(mary: Person, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    program = built_in_go(HERE / "go" / "sign_in" / "main.go", tmp_path_factory.mktemp("go"))
    pending, wrong_code, counted, no_role, arn, signed_out = printed([str(program)], mary, tmp_path)
    assert pending == PENDING
    assert wrong_code == "*types.InvalidGrantException InvalidGrantException: "
    assert counted == "1 1"
    assert no_role == "*smithy.GenericAPIError ForbiddenException: No access"
    check(mary, arn)
    assert signed_out == "*types.UnauthorizedException UnauthorizedException: Session token not found or invalid"


def test_the_sdk_for_ruby(mary: Person, tmp_path: Path) -> None:
    if shutil.which("ruby") is None:
        pytest.skip("Ruby is not installed")
    if subprocess.run(["ruby", "-e", 'require "aws-sdk-core"'], capture_output=True, check=False).returncode:
        pytest.skip("the AWS SDK for Ruby is not installed: Debian's ruby-aws-sdk-core")
    command = ["ruby", "-W0", str(HERE / "ruby" / "sign_in.rb")]
    pending, counted, no_role, same, arn, signed_out = printed(command, mary, tmp_path)
    errors = "Aws::SSOOIDC::Errors"
    assert pending == f"{errors}::AuthorizationPendingException {errors}::AuthorizationPendingException"
    assert counted == "1 1"
    assert no_role == "Aws::SSO::Errors::ForbiddenException No access"
    assert same == "false", "it was refreshed"
    check(mary, arn)
    assert signed_out == "Aws::SSO::Errors::UnauthorizedException Session token not found or invalid"
