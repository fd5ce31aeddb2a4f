"""A checker of SCIM servers finds that both modes are what they say they are."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clients.running import RunningServer, running_server

PYTHON = Path(".venv-clients/bin/python").absolute()
CHECKS = Path(__file__).parent / "scim_checks.py"


class Result(NamedTuple):
    status: str
    check: str
    kind: str | None
    why: str


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    found = PYTHON.exists() and subprocess.run([PYTHON, "-c", "import scim2_tester"], capture_output=True, check=False)
    if not found or found.returncode:
        pytest.skip("scim2-tester is not installed: make clients")
    with running_server(tmp_path_factory.mktemp("scim") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def tenant(server: RunningServer) -> dict[str, str]:
    """A token, and the paths it is good for."""
    made = json.loads(server.carnet("sso", "enable", "--account", server.account_id, "--output", "json"))
    store = made["identityStoreId"]
    token = json.loads(server.carnet("sso", "scim-token", "create", "--store", store, "--output", "json"))
    return {"token": token["token"], "aws": token["path"], "rfc": token["rfcPath"]}


def checked(server: RunningServer, tenant: dict[str, str], mode: str) -> list[Result]:
    url = server.endpoint + tenant[mode].removesuffix("/")
    given = {"url": url, "token": tenant["token"], "policy": {"unknown": "ignore"} if mode == "aws" else {}}
    done = subprocess.run(
        [PYTHON, CHECKS], input=json.dumps(given), capture_output=True, text=True, check=True, timeout=600
    )
    return [Result(*each) for each in json.loads(done.stdout)]


def test_rfc_mode_passes_all_checks(server: RunningServer, tenant: dict[str, str]) -> None:
    results = checked(server, tenant, "rfc")
    assert [each for each in results if each.status != "SUCCESS"] == []
    assert len(results) > 80


REFUSED = {
    ("object_query_with_attributes", "User"): "excluded attribute",
    ("object_list_with_attributes", "User"): "excluded attribute",
    ("search_with_attributes", "User"): "Resource not found",
    ("search_with_attributes", "Group"): "Resource not found",
    ("object_replacement", "Group"): "The method is not supported here.",
    ("check_replace_attribute", "Group"): "Replacing group memberships is not supported",
    # AWS tells no place of a person, so the checker makes up members, who are not found:
    ("object_query_with_attributes", "Group"): "Resource not found",
    ("object_list_with_attributes", "Group"): "Resource not found",
    ("check_add_attribute", "Group"): "Resource not found",
    ("check_remove_attribute", "Group"): "Resource not found",
}


def test_aws_mode_fails_where_aws_does(server: RunningServer, tenant: dict[str, str]) -> None:
    results = checked(server, tenant, "aws")
    failed = {(each.check, each.kind): each.why for each in results if each.status != "SUCCESS"}
    assert failed.keys() == REFUSED.keys()
    assert len(results) > 80
