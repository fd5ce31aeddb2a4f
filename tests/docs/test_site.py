"""The documentation site: every page is in its navigation, and every link leads to a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

DOCS = Path("docs")
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+\.md)(?:#[^)]*)?\)")


def _pages(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    else:
        for child in part.values() if isinstance(part, dict) else part:
            yield from _pages(child)


def test_every_page_is_in_the_navigation() -> None:
    listed = set(_pages(yaml.safe_load(Path("mkdocs.yml").read_text())["nav"]))
    there = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    decisions = {page for page in there if re.fullmatch(r"decisions/\d{4}-.*\.md", page)}
    assert listed == there - decisions, "decisions are reached from their own list"


def test_the_first_page_leads_to_every_page_of_the_navigation() -> None:
    listed = set(_pages(yaml.safe_load(Path("mkdocs.yml").read_text())["nav"]))
    assert set(LINK.findall((DOCS / "index.md").read_text())) == listed - {"index.md"}


def test_the_list_of_decisions_has_each_by_its_number_and_title() -> None:
    pages = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titled = [(page.read_text().partition("\n")[0].removeprefix("# "), page.name) for page in pages]
    assert re.findall(r"^- \[(.*)\]\((.*)\)$", (DOCS / "decisions/README.md").read_text(), re.MULTILINE) == titled
    assert [name for title, name in titled if title[:5] != f"{name[:4]} "] == []


def test_every_link_leads_to_a_page() -> None:
    broken = [
        (page.as_posix(), link)
        for page in DOCS.rglob("*.md")
        for link in LINK.findall(page.read_text())
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []
