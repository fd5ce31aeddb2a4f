"""The page of Carnet's own API names every endpoint, with who may call it, and every code of its errors."""

from __future__ import annotations

import re
from pathlib import Path

from carnet.entities.operator_token import PREFIX as TOKEN_PREFIX
from carnet.server.own_api.endpoint import PREFIX, Endpoint
from carnet.server.own_api.table import ENDPOINTS

PAGE = Path("docs/http-api.md").read_text()


def _row(endpoint: Endpoint) -> list[str]:
    cells = [f"`{endpoint.method} {PREFIX}{endpoint.path}`", endpoint.name]
    if endpoint.check is not None:
        return [*cells, "", "`iam:PassRole`", "the role"]
    cells.append(f"`{endpoint.scope}`" if endpoint.scope is not None else "")
    if endpoint.resource is None:
        return [*cells, "", ""]
    return [*cells, f"`{endpoint.action}`", f"`arn:aws:carnet::ACCOUNT:{endpoint.resource}`"]


def test_the_table_is_that_of_the_code() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| `") and PREFIX in line]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert rows == [_row(endpoint) for endpoint in ENDPOINTS]


def test_every_endpoint_is_described() -> None:
    assert re.findall(r"^- \*\*(\w+)\*\* ", PAGE.split("## Endpoints")[1], re.MULTILINE) == [
        endpoint.name for endpoint in ENDPOINTS
    ]


def test_every_code_that_is_told_is_on_the_page() -> None:
    sources = "".join(path.read_text() for path in Path("src/carnet/server/own_api").glob("*.py"))
    sources += Path("src/carnet/bearer/operator_token.py").read_text()
    told = set(re.findall(r'(?:\d{3}, |AuthFailure\(|^ +)"([A-Z]\w+)"', sources, re.MULTILINE))
    told -= {endpoint.name for endpoint in ENDPOINTS}
    assert len(told) > 10
    assert told == set(re.findall(r"`([A-Z]\w+)`", PAGE.split("## Errors")[1].split("\n\nEach call")[0]))


def test_the_form_of_a_token_is_on_the_page() -> None:
    assert f"`{TOKEN_PREFIX}[0-9a-f]{{64}}`" in PAGE
