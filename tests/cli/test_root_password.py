"""`carnet account reset-root` and `root-password`, in a data directory and at a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.entities.login_profile import LoginProfile
from carnet.entities.operator_token import OperatorScope
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import operator_token

GOOD = "Correct-horse-1"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


def run(data: Path, *arguments: str, typed: str = "", code: int = 0, **environment: str) -> str:
    given = {"CARNET_DATA_DIR": str(data), **environment}
    done = CliRunner().invoke(main, ["account", *arguments], input=typed, env=given)
    assert done.exit_code == code, done.output
    return done.output


def root_has_password(data: Path, account: str, password: str) -> bool:
    with open_installation(Settings(data_dir=data)) as here:
        profile = here.directory.snapshot.accounts[account].of(LoginProfile).get(account)
        return here.execution.parts.passwords.is_right(profile, password)


def test_root_sets_a_password_by_a_token_of_the_operator(data: Path) -> None:
    account = json.loads(run(data, "create", "--output", "json"))["AccountId"]
    made = json.loads(run(data, "reset-root", account, "--output", "json"))
    assert set(made) == {"AccountId", "Token", "Expires"}
    shown = run(data, "reset-root", account)
    assert shown.splitlines()[-1] == "carnet account root-password --endpoint-url http://127.0.0.1:4747"
    assert "not good" in run(data, "root-password", typed=f"{made['Token']}\n{GOOD}\n{GOOD}\n", code=1)
    token = shown.splitlines()[1]
    assert "8 to 128 characters" in run(data, "root-password", typed=f"{token}\nshort\nshort\n", code=1)
    told = run(data, "root-password", typed=f"{token}\n{GOOD}\n{GOOD}\n")
    assert told.splitlines()[-1] == f"The root user of account {account} has this password now."
    assert token not in told
    assert GOOD not in told
    assert root_has_password(data, account, GOOD)
    with open_installation(Settings(data_dir=data)) as here:
        names = [event["eventName"] for _, event in here.store.audit_events()]
        stored = json.dumps(here.store.audit_events())
    assert names[-3:] == ["ResetRoot", "ResetRoot", "SetRootPassword"]
    assert token not in stored
    assert GOOD not in stored


def test_an_account_that_is_not_there_is_told(data: Path) -> None:
    assert run(data, "reset-root", "999999999999", code=1) == "Error: There is no account 999999999999.\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path / "server") as running:
        yield running


def test_a_server_is_asked(server: InProcessServer, tmp_path: Path) -> None:
    account, at = server.root.account, ("--endpoint-url", server.endpoint)
    operator = operator_token(server, OperatorScope.ROOT_RESET).text
    made = json.loads(run(tmp_path, "reset-root", account, *at, "--output", "json", CARNET_OPERATOR_TOKEN=operator))
    told = run(tmp_path, "root-password", *at, typed=f"{made['Token']}\n{GOOD}\n{GOOD}\n")
    assert told.splitlines()[-1] == f"The root user of account {account} has this password now."
    profile = server.installation.directory.snapshot.accounts[account].of(LoginProfile).get(account)
    assert server.installation.execution.parts.passwords.is_right(profile, GOOD)
    refused = run(tmp_path, "root-password", *at, typed=f"{made['Token']}\n{GOOD}\n{GOOD}\n", code=1)
    assert "AccessDenied: The token to set a root password is not good" in refused
