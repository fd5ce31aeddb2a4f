"""The map of the rooms, and the list of every module, are of this code."""

from __future__ import annotations

import re

from tools.build_modules import PAGE, ROOT, page

MAP = (ROOT / "docs" / "MAP.md").read_text("utf-8")
SOURCE = ROOT / "src" / "carnet"


def test_the_list_of_modules_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python tools/build_modules.py"


def test_every_module_says_what_it_is() -> None:
    assert not re.findall(r"^- `.*`: $", page(), re.MULTILINE)


def test_the_map_has_every_room() -> None:
    rooms = {path.name for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    table = MAP.split("Beside them:")[0]
    first_column = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)/`", first_column)) == rooms


def test_whatever_the_map_names_is_there() -> None:
    named = set(re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", MAP))
    assert len(named) > 60
    there = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/") if path.is_dir()}
    for root in ("src", "tests", "tools", "docs", "deploy"):
        there |= {path.relative_to(ROOT).as_posix() for path in (ROOT / root).rglob("*")}
    missing = [name for name in named if not any(f"/{path}".endswith(f"/{name.rstrip('/')}") for path in there)]
    assert not missing
