"""Every error code that a service can answer is one that its clients can know."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from carnet import access, models, services
from carnet.base.faults import Fault, Refused
from carnet.protocols.common_errors import COMMON_ERRORS
from carnet.services.operation import Service
from carnet.services.registry import SERVICES

FAULTS = [fault for fault in Fault.__subclasses__() if fault is not Refused]


def known(service: str) -> set[str]:
    """The codes that the service's model declares, or every service may answer."""
    return {*models.service(service).errors, *COMMON_ERRORS}


def table(service: Service) -> Iterator[str]:
    """The codes of those faults for which the service has one."""
    for fault in FAULTS:
        try:
            yield service.code(fault(""))
        except StopIteration:
            continue


def refusals(folder: Path) -> Iterator[ast.expr]:
    """The first argument of each `Refused(code, message)` in the source files below a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                yield node.args[0]


@pytest.mark.parametrize("name", SERVICES)
def test_every_fault_has_a_code_that_clients_know(name: str) -> None:
    codes = set(table(SERVICES[name]))
    assert {"AccessDenied", "ServiceUnavailable", "ValidationError"} <= codes <= known(name)


@pytest.mark.parametrize("name", SERVICES)
def test_every_refusal_has_a_code_that_clients_know(name: str) -> None:
    folders = [*(Path(root) / name for root in services.__path__), *map(Path, access.__path__)]
    codes = [code.value for folder in folders for code in refusals(folder) if isinstance(code, ast.Constant)]
    assert codes
    assert set(codes) <= known(name)


def test_every_refusal_writes_its_code_out() -> None:
    roots = map(Path, (*services.__path__, *access.__path__))
    assert all(isinstance(code, ast.Constant) for root in roots for code in refusals(root))
