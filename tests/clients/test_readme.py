"""Every block of the README's tour, and of the tour of the documentation, is typed in its order into the shells that
readers have, against a new server."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from carnet.assembly.settings import Settings
from tests.clients.reader import Block, blocks_of, shells, typed, typed_at_a_server
from tests.testing.test_plugin import PLUGIN

pytest_plugins = ["pytester"]

README = blocks_of(Path("README.md"))
FIVE_MINUTES = [block for block in README if (block.section, block.language) == ("Five minutes", "bash")]
TOUR, ORGANIZATION = (
    [block for block in blocks_of(Path(f"docs/{page}.md")) if block.language == "bash"]
    for page in ("tour", "organization-tour")
)
SINGLE = {"make run": "tests/cli/test_stopping.py", "make test": "the gate"}
"""The single commands of the README, and what runs each."""
REFUSAL, TEST, CI = (
    next(block.text for block in README if (block.section, block.language) == which)
    for which in (("Five minutes", "text"), ("In your tests", "python"), ("In CI", "yaml"))
)


def _typed(shell: str, blocks: list[Block], directory: Path) -> tuple[subprocess.CompletedProcess[str], str]:
    """What the blocks do in one shell, at a server of their own, and the id of the first account."""
    with typed_at_a_server(shell, blocks, directory) as (done, server):
        return done, server.account_id


def test_every_block_of_the_readme_is_run() -> None:
    assert [block for block in README if block.language == "bash"] == FIVE_MINUTES
    commands = [line for block in README if block.language == "console" for line in block.text.splitlines()]
    assert set(commands) == SINGLE.keys()
    others = [(block.section, block.language) for block in README if block.language not in ("bash", "console")]
    held = [("Five minutes", "text"), ("In your tests", "python"), ("In CI", "yaml")]
    assert others == [("", "text"), *held], "what is it, and what holds it true?"


@shells
def test_the_tour_of_the_readme(shell: str, tmp_path: Path) -> None:
    done, account = _typed(shell, FIVE_MINUTES, tmp_path)
    assert _plain(REFUSAL.replace("111122223333", account)) in _plain(done.stderr)
    for shown in ('"UserName": "alice"', "implicitDeny by identity-based policy", '"Action": "iam:ListUsers"'):
        assert shown in done.stdout
    assert re.search(r"^[0-9]{12}  AKIA", done.stdout, re.MULTILINE), "the new account"
    assert re.search(r" iam:CreateUser ", done.stdout), "carnet audit tail"


def test_the_test_of_the_readme_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_readme=TEST)
    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_the_variables_for_ci_are_those_of_a_server_that_is_started_like_that() -> None:
    given = yaml.safe_load(CI)["env"]
    ours = Settings()
    assert given.pop("AWS_REGION") == "us-east-1"
    assert given == {
        "AWS_ENDPOINT_URL": f"http://{ours.host}:{ours.port}",
        "AWS_ACCESS_KEY_ID": ours.dev_access_key_id,
        "AWS_SECRET_ACCESS_KEY": ours.dev_secret_access_key,
    }


@shells
def test_the_tour_of_the_documentation(shell: str, tmp_path: Path) -> None:
    done, account = _typed(shell, TOUR, tmp_path)
    refused = _plain(done.stderr)
    assert f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: iam:ListRoles" in refused
    assert (
        f"User: arn:aws:sts::{account}:assumed-role/reader/tour is not authorized to perform: iam:DeleteRole" in refused
    )
    assert f"User: arn:aws:iam::{account}:user/alice is not authorized to perform: iam:GetRole" in refused
    assert f'"arn:aws:iam::{account}:role/reader"' in done.stdout, "the session with MFA"
    for shown in (f"arn:aws:iam::{account}:user/alice", "implicitDeny by identity-based policy", '"reader"', "allowed"):
        assert shown in done.stdout


@shells
def test_the_tour_of_an_organization(shell: str, tmp_path: Path) -> None:
    done, account = _typed(shell, ORGANIZATION, tmp_path)
    refused = _plain(done.stderr)
    policy = rf"arn:aws:organizations::{account}:policy/o-[a-z0-9]+/service_control_policy/p-[a-z0-9]+"
    assert re.search(
        r"assumed-role/OrganizationAccountAccessRole/tour is not authorized to perform: iam:ListUsers on resource: \S+"
        rf" with an explicit deny in a service control policy: {policy}",
        refused,
    )
    assert re.search(r"user/mallory is not authorized to perform: sts:AssumeRole on resource: \S+/careless", refused)
    assert "explicitDeny by service control policy" in done.stdout, "carnet explain"
    for shown in ('"admin"', '"carol"', "assumed-role/careless/tour"):
        assert shown in done.stdout
    assert refused.count("An error occurred") == 2


@shells
@pytest.mark.parametrize(
    ("text", "told"),
    [("false\n", "ended with 1"), ("cat > swallowed\n", "a command has read what was to be typed after it")],
)
def test_a_command_that_fails_or_reads_what_comes_next_is_found(
    shell: str, text: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match=told):
        typed(shell, [Block("", "bash", text)], directory=tmp_path, environment={"PATH": "/usr/bin:/bin"})


def test_blocks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\na\n```\n## One\n```bash title='x'\n## no heading\n```\n```console\nb\nc\n```\n## Two\n")
    assert blocks_of(page) == (
        Block("", "", "a\n"),
        Block("One", "bash", "## no heading\n"),
        Block("One", "console", "b\nc\n"),
    )


def _plain(text: str) -> str:
    return " ".join(text.split())
