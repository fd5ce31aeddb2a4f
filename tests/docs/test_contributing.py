"""The recipes for contributors name files and names that exist, and show code that is there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from carnet.store.entity_types import ENTITY_TYPES
from tests.stores import invented

PAGE = Path("CONTRIBUTING.md").read_text()
RECIPES = dict(re.findall(r"^## (An? [a-z ]+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
BLOCK = re.compile(r'^( *)```python title="(\S+)"\n(.*?)^\1```$', re.DOTALL | re.MULTILINE)
ROOTS = (Path(), Path("src/carnet/entities"), Path("src/carnet/store"), Path("src/carnet/services/iam"))
"""Where a file without a folder stands, in the order of the search."""


def files(text: str) -> list[str]:
    """The files and folders that the text names in code spans."""
    return re.findall(r"`([\w./-]+(?:\.(?:py|md|toml)|/))`", text)


def blocks() -> Iterator[tuple[str, str]]:
    """File and code of each example."""
    for _, file, text in BLOCK.findall(PAGE):
        yield file, dedent(text)


def test_there_are_four_recipes() -> None:
    assert list(RECIPES) == ["An operation", "A kind", "A service", "A condition key"]
    assert PAGE.count("```") == 2 * len(list(blocks()))


@pytest.mark.parametrize("file", sorted(set(files(PAGE))))
def test_each_file_that_is_named_exists(file: str) -> None:
    assert any((root / file).exists() for root in (ROOTS if "/" not in file else ROOTS[:1]))


@pytest.mark.parametrize(("file", "code"), list(blocks()))
def test_each_example_is_part_of_its_file(file: str, code: str) -> None:
    there = "\n".join(line.lstrip() for line in Path(file).read_text().splitlines())
    assert "\n".join(line.lstrip() for line in code.splitlines()) in there


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_name_stands_in_a_file_of_its_recipe(recipe: str) -> None:
    prose = BLOCK.sub("", RECIPES[recipe])
    paths = [Path(file) for file in files(prose) if "/" in file]
    text = "\n".join(part.read_text() for path in paths for part in (path.glob("*.py") if path.is_dir() else (path,)))
    names = re.findall(r"`([A-Za-z_]+)`", prose)
    assert [name for name in names if name not in text] == []


def test_a_kind_is_where_its_recipe_says() -> None:
    entities, store, listed, migrations, *_ = [file for file in files(RECIPES["A kind"]) if file.startswith("src/")]
    for kind in ENTITY_TYPES:
        entity = inspect.getsourcefile(kind.entity)
        assert entity is not None
        assert Path(entity).parent == Path(entities).resolve() or kind.entity.__module__.startswith("carnet.keyring")
        (made,) = [path for path in Path(store).glob("*.py") if f'kind="{kind.kind}"' in path.read_text()]
        assert re.search(rf"^from carnet\.store\.rows\.{made.stem} import ", Path(listed).read_text(), re.MULTILINE)
        assert any(f'"{kind.table.name}"' in path.read_text() for path in Path(migrations).glob("v*.py"))


def test_the_invented_kind_of_the_recipe_is_what_the_test_of_new_kinds_stores() -> None:
    assert "tests/stores/test_new_kind.py" in files(RECIPES["A kind"])
    shown = "\n".join(code for file, code in blocks() if file == "tests/stores/invented.py")
    assert "class Badge(Entity)" in shown
    assert "BADGES = EntityType(" in shown
    assert invented.BADGES in list(invented.TYPES)
    assert "a_badge(1" in Path("tests/stores/test_new_kind.py").read_text()


def test_the_site_has_the_recipes() -> None:
    assert '--8<-- "CONTRIBUTING.md"' in Path("docs/contributing.md").read_text()
