"""`carnet org`: files of organizations, and their trees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main
from tests.provisioning.test_estates import ESTATE, MEMBER


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The directory of an installation without accounts."""
    directory = tmp_path / "data"
    with open_installation(Settings(data_dir=directory), create=True):
        return directory


def run(data: Path, *arguments: str, code: int = 0, given: str | None = None) -> str:
    done = CliRunner().invoke(main, ["org", *arguments, "--data-dir", str(data)], input=given)
    assert done.exit_code == code, done.output
    return done.output


def test_it_is_imported_shown_and_exported(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "estate.json"
    file.write_text(json.dumps(ESTATE))
    dry = run(data, "import", str(file), "--dry-run")
    assert dry.splitlines()[-1] == "5 to create, 0 to update, 0 unchanged, 0 that cannot be done"
    assert run(data, "tree", code=1) == "Error: Name one with --organization: there are 0 organizations (none).\n"
    told = run(data, "import", str(file), "--root-keys")
    assert f"root key of {MEMBER}: AKIA" in told
    assert told.splitlines()[-1] == "Done: 5 created, 0 updated, 0 unchanged."
    assert "no-s3" in run(data, "tree")
    again = tmp_path / "again.json"
    run(data, "export", str(again))
    assert json.loads(run(data, "export", "-")) == json.loads(again.read_text())
    assert run(data, "import", str(again)).splitlines()[-1] == "Done: 0 created, 0 updated, 5 unchanged."


def test_what_is_wrong_in_a_file_is_shown_with_its_place(data: Path) -> None:
    broken = json.dumps({**ESTATE, "Roots": []}, indent=1)
    told = run(data, "import", "-", code=2, given=broken)
    line = next(number for number, text in enumerate(broken.splitlines(), 1) if "Roots" in text)
    assert told.startswith(f"Error: standard input:{line}:")
    assert "must hold one root" in told
