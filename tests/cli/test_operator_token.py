"""`carnet operator-token`."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The directory of an installation without accounts."""
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        yield directory


def run(data: Path, *arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["operator-token", *arguments], env={"CARNET_DATA_DIR": str(data)})
    assert done.exit_code == code, done.output
    return done.output


def create(data: Path, *more: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run(data, "create", "--name", "ci", *more, "--output", "json"))
    return told


def events(data: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(data / "carnet.db")) as connection:
        return [
            json.loads(row[0]) for row in connection.execute("SELECT event FROM audit_events ORDER BY seq, ordinal")
        ]


def test_a_token_is_shown_once_and_kept_as_a_digest(data: Path) -> None:
    made = create(data, "--scope", "accounts:write", "--scope", "accounts:read", "--days", "7")
    assert re.fullmatch(r"carnet_ot_[0-9a-f]{64}", made["Token"])
    assert made["Scopes"] == ["accounts:read", "accounts:write"]
    (listed,) = json.loads(run(data, "list", "--output", "json"))
    assert listed == {name: value for name, value in made.items() if name != "Token"}
    kept = b"".join(path.read_bytes() for path in data.glob("carnet.db*"))
    assert made["OperatorTokenId"].encode() in kept
    assert made["Token"].encode() not in kept
    assert made["Token"].removeprefix("carnet_ot_").encode() not in kept


def test_making_and_revoking_are_audited(data: Path) -> None:
    made = create(data, "--scope", "audit:read")
    assert run(data, "revoke", made["OperatorTokenId"]) == f"{made['OperatorTokenId']}  ci  revoked\n"
    assert run(data, "list") == ""
    told = [(event["eventName"], event["userIdentity"], event["requestParameters"]) for event in events(data)]
    parameters = {
        "operatorTokenId": made["OperatorTokenId"],
        "name": "ci",
        "scopes": ["audit:read"],
        "expires": made["Expires"],
    }
    assert told == [
        ("CreateOperatorToken", {"type": "Operator"}, parameters),
        ("RevokeOperatorToken", {"type": "Operator"}, parameters),
    ]


def test_text_shows_the_id_and_the_token_or_when_it_ends(data: Path) -> None:
    token_id, token = run(data, "create", "--name", "ci", "--scope", "status:read").split()
    assert token.startswith("carnet_ot_")
    listed = run(data, "list")
    assert re.fullmatch(rf"{token_id}  ci  until [0-9TZ:-]+  status:read\n", listed)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--scope", "audit:read"], "Missing option '--name'"),
        (["--name", "ci"], "Missing option '--scope'"),
        (["--name", "ci", "--scope", "everything"], "'everything' is not one of"),
        (["--name", "c\ni", "--scope", "audit:read"], "1 to 64 printable ASCII characters"),
        (["--name", "ci", "--scope", "audit:read", "--days", "0"], "0 is not in the range 1<=x<=366"),
        (["--name", "ci", "--scope", "audit:read", "--days", "367"], "367 is not in the range 1<=x<=366"),
    ],
)
def test_what_is_not_right_is_refused_and_makes_nothing(data: Path, arguments: list[str], told: str) -> None:
    assert told in run(data, "create", *arguments, code=2)
    assert run(data, "list") == ""


def test_an_unknown_token_is_not_revoked(data: Path) -> None:
    assert run(data, "revoke", "ot-0000000000000000", code=1) == (
        "Error: There is no operator token ot-0000000000000000.\n"
    )


@pytest.mark.parametrize("command", [("list",), ("revoke", "x"), ("create", "--name", "x", "--scope", "audit:read")])
def test_it_makes_no_installation(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "There is no installation at" in run(tmp_path / "nowhere", *command, code=1)
    assert list(tmp_path.iterdir()) == []
