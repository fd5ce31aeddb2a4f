"""A command imports what it needs: most of the time that one takes is the time to import modules.

`python -m tests.bench.commands` tells the time. Modules can be counted on a busy machine too.
"""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from carnet.assembly.installation import first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.cli.groups import CommandsOnDemand, first_sentence
from tests.bench.commands import DENIED, log_a_denial
from tests.cli.imported import imported

HEAVY = frozenset(("sqlalchemy", "alembic", "botocore", "uvicorn", "asyncio", "cryptography", "psycopg", "yaml"))
COMPLETION = {"_CARNET_COMPLETE": "bash_complete"}


def _heavy(modules: frozenset[str]) -> frozenset[str]:
    return HEAVY & {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    ("command", "most"),
    [
        (["--help"], 128),
        (["account"], 142),
        (["account", "create", "--help"], 142),
        (["operator-token", "create", "--help"], 145),
        (["serve", "--help"], 175),
        (["status", "--port", "1"], 142),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_needs_no_store_imports_none(tmp_path: Path, command: list[str], most: int) -> None:
    modules = imported(tmp_path, *command)
    assert not _heavy(modules) | {"msgspec", "http.client"} & modules
    assert len(modules) <= most


@pytest.mark.parametrize(("words", "most"), [("carnet a", 120), ("carnet account l", 133), ("carnet serve --", 165)])
def test_a_completion_imports_no_more_than_the_command_that_is_completed(tmp_path: Path, words: str, most: int) -> None:
    place = str(len(words.split()) - 1)
    modules = imported(tmp_path, COMP_WORDS=words, COMP_CWORD=place, **COMPLETION)
    assert not _heavy(modules)
    assert len(modules) <= most


@pytest.mark.parametrize(("decision", "most"), [("some-id", 188), (DENIED, 190)])
def test_an_explanation_imports_the_written_rule_alone(tmp_path: Path, decision: str, most: int) -> None:
    log_a_denial(tmp_path)
    modules = imported(tmp_path, "explain", decision, "--data-dir", str(tmp_path))
    assert not _heavy(modules)
    assert "carnet.policy.trace" in modules
    assert ("carnet.policy.remedy" in modules) == (decision == DENIED)
    assert not {"carnet.policy.compile", "carnet.policy.validation", "carnet.store.store", "hashlib"} & modules
    assert len(modules) <= most


@pytest.mark.parametrize("who", [{"CARNET_OPERATOR_TOKEN": "carnet_ot_" + "0" * 64}, {}], ids=["operator", "signed"])
@pytest.mark.parametrize("words", [("explain",), ("audit", "tail"), ("status",)], ids=" ".join)
def test_who_asks_a_server_imports_none(tmp_path: Path, words: tuple[str, ...], who: dict[str, str]) -> None:
    signs = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
    modules = imported(tmp_path, *words, "--endpoint-url", "http://127.0.0.1:1", **signs, **who)
    assert not _heavy(modules)
    assert "carnet.sigv4.signing" in modules
    assert not {"carnet.sigv4.verify", "carnet.directory.snapshot", "carnet.store.store"} & modules
    assert len(modules) <= 228


def test_a_list_of_accounts_imports_the_store_and_neither_migrations_nor_services(tmp_path: Path) -> None:
    with open_installation(Settings(data_dir=tmp_path), create=True) as installation:
        first_account(installation)
    modules = imported(tmp_path, "account", "list", "--data-dir", str(tmp_path))
    assert "sqlalchemy" in modules
    assert not {"alembic", "botocore", "carnet.store.databases.postgresql", "carnet.directory.directory"} & modules


def test_each_command_says_of_itself_what_the_list_of_commands_says() -> None:
    assert isinstance(main, CommandsOnDemand)
    ctx = click.Context(main)
    told = main.summaries(ctx)
    assert {name: first_sentence(command) for name in told if (command := main.get_command(ctx, name))} == dict(told)
    assert list(told) == sorted(told)
