"""What tests use of a server in their process: what one leaves open fails no other, and the audit log is read whole."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet.audit.segments import Segments
from tests.attacks.wire import audit
from tests.server.in_process import in_process_server
from tests.waiting import eventually


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


def test_the_audit_log_is_read_whole_when_a_day_has_passed(tmp_path: Path) -> None:
    """The job that rolls its file comes every few seconds, in the middle of a test that turns the clock by a day."""
    with in_process_server(tmp_path) as server:
        iam, file = server.client("iam"), server.installation.settings.audit_file
        iam.create_user(UserName="before")

        def is_rolled() -> bool:
            """Unless the job of the server looks at it at the same moment."""
            Segments(file).tidy(server.clock() + timedelta(hours=25), age=timedelta(days=90))
            return not file.exists()

        eventually(is_rolled)
        assert audit(server)[-1]["requestParameters"] == {"userName": "before"}
        iam.create_user(UserName="after")
        made = [event for event in audit(server) if event["eventName"] == "CreateUser"]
        assert [event["requestParameters"]["userName"] for event in made] == ["before", "after"]
