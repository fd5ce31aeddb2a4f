"""What a command says if it fails: the hint is that of the fault, and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.base.faults import Unavailable, Unsent
from carnet.cli import main
from carnet.cli.problem import told
from carnet.store.faults import Full, NoRoom, OutcomeUnknown, Unreachable, WentBack

_LOOK = "carnet doctor looks"
_ASK = "--endpoint-url asks a server"


def test_who_cannot_reach_the_store_is_told_where_to_look() -> None:
    line = told(Unreachable())
    assert line is not None
    assert line.startswith("The store cannot be reached. Is the store there")
    assert _LOOK in line


@pytest.mark.parametrize(
    "problem",
    [NoRoom("No room."), Full(), Unsent("Not sent."), OutcomeUnknown(), WentBack(2, 1), Unavailable("Busy.")],
)
def test_a_store_that_was_reached_is_not_looked_for(problem: Unavailable) -> None:
    assert told(problem) == problem.message


@pytest.mark.parametrize(
    ("command", "asks"),
    [
        (["sso", "enable", "--account", "111122223333"], True),
        (["sso", "user", "invite", "mary", "--account", "111122223333"], True),
        (["account", "list"], False),
    ],
    ids=lambda value: " ".join(value[:3]) if isinstance(value, list) else "",
)
def test_where_no_installation_is_a_server_can_be_asked_if_the_command_can(
    tmp_path: Path, command: list[str], asks: bool
) -> None:
    done = CliRunner().invoke(main, [*command, "--data-dir", str(tmp_path / "nothing")])
    assert done.exit_code == 1, done.output
    assert "carnet serve makes one." in done.output
    assert (_ASK in done.output) == asks
