"""The wheel and the source distribution: what they hold, what they say of themselves, that they can be built again."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import tarfile
import tomllib
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement

PROJECT: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text())["project"]
STEM = f"{PROJECT['name']}-{PROJECT['version']}"
BUILDER = Path(".venv-dist/bin/python").absolute()


@pytest.fixture(scope="module")
def held(wheel: Path) -> dict[str, bytes]:
    """The files of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(
    held: dict[str, bytes], tracked: frozenset[str]
) -> None:
    package = {name.removeprefix("src/") for name in tracked if name.startswith("src/")}
    assert {name for name in held if not name.startswith(f"{STEM}.dist-info/")} == package
    assert {f"{STEM}.dist-info/licenses/{name}" for name in ("LICENSE", "NOTICE")} <= held.keys()


def test_the_source_distribution_holds_the_package_and_what_builds_it(source: Path, tracked: frozenset[str]) -> None:
    with tarfile.open(source) as archive:
        names = {member.name.removeprefix(f"{STEM}/") for member in archive.getmembers() if member.isfile()}
    made = {name for name in names if name in ("PKG-INFO", "setup.cfg") or ".egg-info/" in name}
    package = {name for name in tracked if name.startswith("src/")}
    assert names - made == package | {"LICENSE", "NOTICE", "README.md", "pyproject.toml"}


def test_the_metadata_is_what_the_project_says(held: dict[str, bytes]) -> None:
    raw = held[f"{STEM}.dist-info/METADATA"]
    told = Metadata.from_email(raw)  # raises for what an index would refuse
    assert (told.name, str(told.version), told.license_expression) == ("carnet", PROJECT["version"], "Apache-2.0")
    assert str(told.requires_python) == PROJECT["requires-python"]
    assert set(told.requires_dist or ()) == {Requirement(each) for each in PROJECT["dependencies"]}
    assert told.description_content_type == "text/markdown"
    message: Message = BytesParser().parsebytes(raw)
    assert str(message.get_payload()).strip() == Path("README.md").read_text().strip()


def test_the_wheel_installs_the_command_and_the_pytest_plugin(held: dict[str, bytes]) -> None:
    points = configparser.ConfigParser()
    points.read_string(held[f"{STEM}.dist-info/entry_points.txt"].decode())
    assert {name: dict(points[name]) for name in points.sections()} == {
        "console_scripts": PROJECT["scripts"],
        "pytest11": PROJECT["entry-points"]["pytest11"],
    }
    assert held[f"{STEM}.dist-info/top_level.txt"].decode().split() == ["carnet"]


def test_the_same_commit_gives_the_same_bytes(
    wheel: Path, source: Path, tracked: frozenset[str], tmp_path: Path
) -> None:
    """Built again elsewhere, by somebody with another umask, from files of another age and with other files beside."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(Path.cwd()), str(clone)], check=True)
    for name in tracked:
        there = clone / name
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, there)
        there.chmod(0o600)
    (clone / "build").mkdir()
    (clone / "build" / "stale.py").touch()
    subprocess.run([str(BUILDER), "tools/build_dist.py"], cwd=clone, check=True, umask=0o077, env=_environment())
    for built in (wheel, source):
        assert (clone / "dist" / built.name).read_bytes() == built.read_bytes(), built.name


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
