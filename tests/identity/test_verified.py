"""Only the signature verifier makes a Verified caller."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCES = Path("src/carnet")


def _constructors(name: str) -> set[str]:
    """The files in which `name(...)` is called."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                found.add(path.relative_to(SOURCES).as_posix())
    return found


def test_only_the_verifier_makes_a_verified_caller() -> None:
    assert _constructors("Verified") == {"sigv4/verify.py"}


def test_credentials_come_from_one_place() -> None:
    assert _constructors("Credential") == {"identity/credentials.py"}
