"""Every block of the embedding page runs, and says what the page says it says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import carnet.policy
from carnet.cli import main
from carnet.policy import Malformed, Policy

PAGE = Path("docs/embedding.md").read_text("utf-8")
PLUGIN = ("-p", "no:carnet", "-p", "carnet.testing.plugin")  # whether or not its entry point is installed

HEAVY = (
    "botocore",
    "sqlalchemy",
    "alembic",
    "uvicorn",
    "httptools",
    "cryptography",
    "click",
    "yaml",
    "pytest",
    "asyncio",
)


class Block(NamedTuple):
    """One fenced block: its language, the file it is to stand in if any, and its lines."""

    language: str
    file: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)]


def blocks(language: str, *, file: bool = False) -> list[Block]:
    return [block for block in BLOCKS if block.language == language and bool(block.file) is file]


def test_every_block_is_one_that_a_test_below_runs() -> None:
    kinds = [(block.language, bool(block.file)) for block in BLOCKS]
    known = {("python", False), ("text", False), ("yaml", True), ("console", False), ("python", True)}
    assert set(kinds) == known
    assert PAGE.count("```") == 2 * len(BLOCKS)


def test_the_python_blocks_run_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks("python"):
        exec(compile(block.text, "docs/embedding.md", "exec"), names)
    sentence, _, trace = capsys.readouterr().out.partition("\n")
    assert sentence == "Policy statement must contain actions."
    assert [trace] == [block.text for block in blocks("text")]
    assert isinstance(names["reader"], Policy)


def test_the_console_blocks_print_what_they_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks("yaml", file=True):
        Path(block.file).write_text(block.text, "utf-8")
    for block in blocks("console"):
        command, _, shown = block.text.partition("\n")
        prompt, name, *arguments = shlex.split(command)
        assert (prompt, name) == ("$", "carnet")
        done = CliRunner().invoke(main, arguments)
        assert (done.output, done.exit_code) == (shown, 0)


def test_the_test_file_passes_under_pytest(tmp_path: Path) -> None:
    (block,) = blocks("python", file=True)
    (tmp_path / block.file).write_text(block.text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN, block.file],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert f"{block.text.count('def test_')} passed" in done.stdout


@pytest.mark.parametrize("room", ["carnet.policy", "carnet.policy.case_reader", "carnet.testing"])
def test_a_room_that_is_embedded_loads_nothing_heavy(room: str) -> None:
    code = f"import sys, {room}; print(*sorted(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_the_public_names_are_there_and_sorted() -> None:
    assert carnet.policy.__all__ == sorted(carnet.policy.__all__)
    assert all(hasattr(carnet.policy, name) for name in carnet.policy.__all__)
    assert issubclass(Malformed, Exception)
    assert callable(carnet.policy.decide)


def test_the_page_uses_every_public_name() -> None:
    code = " ".join(block.text for block in blocks("python"))
    told = set(re.findall(r"\w+", code))
    assert set(carnet.policy.__all__) - told == {"Decision", "Policy", "Trace"}  # types that the functions return
