"""Every error code that a service can answer is one that its clients can know."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from carnet import access, models, services
from carnet.base.faults import FAULTS, Fault, Missing
from carnet.protocols.common_errors import COMMON_ERRORS
from carnet.services.registry import SERVICES
from carnet.services.service import Service


def known(service: str) -> set[str]:
    """The codes that the service's model declares, or every service may answer."""
    return {*models.service(service).errors, *COMMON_ERRORS}


def refusals(folder: Path) -> Iterator[ast.expr]:
    """The first argument of each `Refused(code, message)` in the source files below a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                yield node.args[0]


@pytest.mark.parametrize("name", SERVICES)
def test_every_fault_has_a_code_that_clients_know(name: str) -> None:
    codes = {SERVICES[name].code(fault("")) for fault in FAULTS}
    assert len(codes) >= 3
    assert codes <= known(name)


@pytest.mark.parametrize("missing", sorted(FAULTS, key=str))
def test_a_table_without_a_fault_is_refused(missing: type[Fault]) -> None:
    with pytest.raises(ValueError, match=f"iam has no error code for {missing.__name__}"):
        Service("iam", fault_codes=dict.fromkeys(FAULTS - {missing}, "ValidationError"))


def test_a_kind_of_fault_that_no_table_can_know_is_refused() -> None:
    with pytest.raises(TypeError, match="is no kind of fault"):
        type("Odd", (Fault,), {})
    assert SERVICES["iam"].code(type("Gone", (Missing,), {})("")) == "NoSuchEntity"


@pytest.mark.parametrize("name", SERVICES)
def test_every_refusal_has_a_code_that_clients_know(name: str) -> None:
    folders = [*(Path(root) / name.replace("-", "_") for root in services.__path__), *map(Path, access.__path__)]
    codes = [code.value for folder in folders for code in refusals(folder) if isinstance(code, ast.Constant)]
    assert codes or name in ("account", "identitystore", "resourcegroupstaggingapi", "sso", "sso-admin")
    assert set(codes) <= known(name)


def test_every_refusal_writes_its_code_out() -> None:
    roots = map(Path, (*services.__path__, *access.__path__))
    assert all(isinstance(code, ast.Constant) for root in roots for code in refusals(root))
