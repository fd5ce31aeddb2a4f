"""Makes docs/modules.md: every module of Carnet, with the first line of its docstring.

    python tools/build_modules.py

`tests/docs/test_modules.py` finds what is not up to date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "modules.md"

_HEAD = """# Every module

Made by `python tools/build_modules.py` from the first lines of their docstrings.
[The map](MAP.md) says how the rooms hang together.
"""


def page() -> str:
    """The whole page, as it should be now."""
    rooms = groupby(_modules(ROOT / "src"), key=lambda module: module.parent)
    return _HEAD + "".join(_room(room, list(modules)) for room, modules in rooms)


def _modules(source: Path) -> Iterator[Path]:
    found = (path for path in source.rglob("*.py") if "versions" not in path.parts)
    yield from sorted(found, key=lambda path: (path.parent.parts, path.name != "__init__.py", path.name))


def _room(room: Path, modules: list[Path]) -> str:
    lines = [f"\n## {room.relative_to(ROOT / 'src')}/\n"]
    for module in modules:
        line = _first_line(module)
        lines.append(f"{line}\n" if module.name == "__init__.py" else f"- `{module.name}`: {line}")
    return "\n".join(lines) + "\n"


def _first_line(module: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    told = ast.get_docstring(ast.parse(module.read_text("utf-8"))) or ""
    return " ".join(told.split("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
