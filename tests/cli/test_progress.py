"""A progress bar is for who waits, and ends full."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from carnet.cli import progress as module
from carnet.cli.progress import progress
from tests.provisioning.test_estates import ESTATE


def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, terminal: bool, step: float) -> str:
    """What is printed while four things are done, `step` seconds each."""
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress("applying") as told:
        for done in range(1, 5):
            now[0] += step
            told(done, 4)
    return capsys.readouterr().err


def test_nothing_is_shown_of_what_is_soon_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(monkeypatch, capsys, terminal=True, step=0.4) == ""


def test_nothing_is_shown_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown(monkeypatch, capsys, terminal=False, step=10) == ""


def test_what_takes_longer_is_shown_to_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = shown(monkeypatch, capsys, terminal=True, step=1.05).split("\r")
    assert [bar.split()[-1] for bar in bars[1:]] == ["50%", "75%", "100%"]
    assert bars[-1].endswith("100%\n")


def test_a_bar_that_is_shown_ends_full_however_soon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(module, "monotonic", lambda: 5.0)
    with progress("Making") as told:
        for done in (100, 101, 200):
            told(done, 200)
    half, full = f"[{'#' * 20}{'-' * 20}]   50%", f"[{'#' * 40}]  100%"
    assert capsys.readouterr().err == f"\rMaking  {half}\rMaking  {full}\n"


def test_what_commands_do_for_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=SimpleNamespace(isatty=lambda: True)))
    with open_installation(Settings(data_dir=tmp_path / "data"), create=True):
        pass

    def bars(*arguments: str) -> list[str]:
        done = CliRunner().invoke(main, [*arguments, "--data-dir", str(tmp_path / "data")])
        assert done.exit_code == 0, done.output
        return re.findall(r"\r(\w+(?: \w+)*)  \[#+\]  100%\n", done.stderr)

    file, users = tmp_path / "backup.gz", tmp_path / "users.yaml"
    users.write_text(yaml.safe_dump({"AccountId": "111122223333", "UserDetailList": [{"UserName": "alice"}]}))
    assert bars("account", "create", "--count", "2") == ["Making accounts"]
    assert bars("apply", str(users)) == ["planning", "applying"]
    assert bars("backup", str(file)) == ["Backing up"]
    assert bars("restore", str(file), "--replace") == ["Restoring"]
    estate = tmp_path / "estate.json"
    estate.write_text(json.dumps(ESTATE))
    assert bars("org", "import", str(estate)) == ["importing"]
