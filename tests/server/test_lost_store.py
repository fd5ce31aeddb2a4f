"""A data directory that is removed, replaced or overwritten under a running server: nothing is answered from it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from click.testing import CliRunner

from carnet.cli import main
from carnet.store.faults import Lost
from carnet.store.store import Store
from tests.clients.running import RunningServer, running_server
from tests.stores.entities import ACCOUNT
from tests.waiting import eventually


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as running:
        yield running


def client(server: RunningServer, service: Literal["iam", "sts", "s3"]) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.environment["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def health(server: RunningServer, page: str = "health") -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{server.endpoint}/_carnet/{page}", timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def status_of(call: Callable[[], Any]) -> int:
    try:
        answer = call()
    except ClientError as refusal:
        answer = refusal.response
    code: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return code


def replaced(data: Path) -> None:
    shutil.copytree(data, data.parent / "copy")
    shutil.rmtree(data)
    (data.parent / "copy").rename(data)


def overwritten(data: Path) -> None:
    """In place: it stays the same file."""
    os.truncate(data / "carnet.db", 0)


def _stands_in_the_file(data: Path) -> bool:
    """What is in the write-ahead log alone is not lost with the file."""
    with closing(sqlite3.connect(data / "carnet.db")) as connection:
        busy, logged, written = connection.execute("PRAGMA wal_checkpoint").fetchone()
    return not busy and logged == written


@pytest.mark.parametrize("lose", [shutil.rmtree, replaced, overwritten], ids=["removed", "replaced", "overwritten"])
def test_what_is_lost_is_not_answered(server: RunningServer, lose: Callable[[Path], None]) -> None:
    iam, sts = client(server, "iam"), client(server, "sts")
    eventually(lambda: _stands_in_the_file(server.data_dir))
    iam.create_user(UserName="before")
    was_there = lose is not shutil.rmtree
    lose(server.data_dir)
    assert status_of(lambda: iam.create_user(UserName="after")) == 503
    eventually(lambda: health(server)[0] == 503)
    assert health(server)[1]["status"] == health(server)[1]["store"] == "lost"
    assert health(server, "ready")[0] == health(server, "v1/accounts")[0] == 503
    told = CliRunner().invoke(main, ["status", "--port", server.endpoint.rpartition(":")[2]])
    assert (told.exit_code, told.output.splitlines()[0].split()) == (1, ["status:", "lost"])
    assert status_of(iam.list_users) == status_of(sts.get_caller_identity) == 503
    assert status_of(client(server, "s3").list_buckets) == 503, "nothing is decided of services that are not offered"
    assert server.data_dir.exists() is was_there


def test_what_comes_back_is_answered_again(server: RunningServer) -> None:
    sts, away = client(server, "sts"), server.data_dir.parent / "away"
    server.data_dir.rename(away)
    eventually(lambda: health(server)[0] == 503)
    away.rename(server.data_dir)
    eventually(lambda: health(server)[0] == 200)
    assert status_of(sts.get_caller_identity) == 200


def test_directories_are_the_owners_alone(server: RunningServer) -> None:
    shutil.rmtree(server.data_dir / "audit")
    eventually(lambda: status_of(client(server, "sts").get_caller_identity) == 200 and _audit(server).exists())
    for directory in (server.data_dir, server.data_dir / "audit"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def _audit(server: RunningServer) -> Path:
    return server.data_dir / "audit" / "audit.jsonl"


def _write_while(store: Store, something_happens: Callable[[], object]) -> None:
    with store.write() as unit:
        unit.add(ACCOUNT)
        something_happens()


def test_a_change_is_not_committed_to_a_file_that_is_gone(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/carnet.db")
    try:
        with pytest.raises(Lost):
            _write_while(store, lambda: (tmp_path / "carnet.db").rename(tmp_path / "away.db"))
        (tmp_path / "away.db").rename(tmp_path / "carnet.db")
        assert store.revision().seq == 0
    finally:
        store.close()
