"""What requests need, as data: one file a service, each case the request of a documented example or an attack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from carnet.gateway.checks.check import Check, Refusal, Scope, Sought
from carnet.gateway.checks.mapping import mapped

CASES = Path(__file__).with_name("cases")
SCOPE = Scope(partition="aws", region="eu-west-1", account="111122223333")


def each_case() -> Iterator[Any]:
    for file in sorted(CASES.glob("*.yaml")):
        written = yaml.safe_load(file.read_text())
        for case in written["cases"]:
            yield pytest.param(written["service"], case, id=f"{file.stem}: {case['name']}")


@pytest.mark.parametrize(("service", "case"), [*each_case()])
def test_a_request_needs(service: str, case: dict[str, Any]) -> None:
    found = mapped(service, case["operation"], case.get("members", {}), SCOPE)
    if "refused" in case:
        assert isinstance(found, Refusal), found
        code, _, words = case["refused"].partition(": ")
        assert found.code == code
        assert words in found.message
        return
    assert not isinstance(found, Refusal), found
    assert [line(check) for check in found] == case["checks"]
    for check, keys in zip(found, case.get("keys", ()), strict=False):
        assert shown(check) == keys
    for key in case.get("unknown", ()):
        assert any(key in check.unknown for check in found)


def line(check: Check) -> str:
    """`action resource`, with the account if the resource does not tell it, and what is sought in brackets."""
    resource = check.resource
    text = f"[{resource.by} {resource.text}]" if isinstance(resource, Sought) else resource
    told = check.account is not None and (check.account in text or check.account == SCOPE.account)
    account = "" if told else f" of {check.account}" if check.account else " of its owner"
    return f"{check.action} {text}{account}"


def shown(check: Check) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in sorted(check.keys.items())}
