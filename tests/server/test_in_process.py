"""What a test leaves open is closed with its server: else it fails another test, whichever runs then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.server.in_process import in_process_server


def test_clients_are_closed_with_the_server_also_if_the_test_fails(tmp_path: Path) -> None:
    held: list[Any] = []
    with pytest.raises(ZeroDivisionError):
        _fail(tmp_path, held)
    assert len(_pools(held[0])) == 0


def _fail(tmp_path: Path, held: list[Any]) -> None:
    with in_process_server(tmp_path) as server:
        held.append(server.client("iam"))
        held[0].list_users()
        assert len(_pools(held[0])) == 1
        raise ZeroDivisionError


def _pools(client: Any) -> Any:
    return client._endpoint.http_session._manager.pools
