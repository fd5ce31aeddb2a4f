"""Where attacks are shown: a test that is renamed is found by the table that names it."""

from __future__ import annotations

from pathlib import Path


def is_there(named: str) -> bool:
    """Whether there is a test `services/sso_oidc/test_code.py::test_name`, below tests/."""
    path, _, test = named.partition("::")
    return f"def {test}(" in (Path("tests") / path).read_text("utf-8")
