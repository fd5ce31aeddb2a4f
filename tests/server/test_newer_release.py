"""A newer release writes what a running server does not know: the server goes on, and allows nothing past it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.services.accounts import NewAccounts, create_accounts
from carnet.store.store import Store
from tests.server.in_process import InProcessServer, in_process_server
from tests.stores.entities import NOW
from tests.stores.invented import TYPES, Badge, make_tables


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path) as running:
        yield running


def _write_as_a_newer_release(server: InProcessServer, account: str) -> None:
    url = server.installation.settings.store_url
    make_tables(url)
    with (
        closing(Store.open(url, types=TYPES, known_everywhere=lambda _connection, _kind: True)) as newer,
        newer.write() as unit,
    ):
        unit.add(Badge(id="BADG1", account=account, name="unheard-of", created=NOW))


def _health(server: InProcessServer) -> dict[str, Any]:
    answer = server.send(b"GET /_carnet/health HTTP/1.1\r\nHost: x\r\n\r\n")
    told: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return told


def test_the_account_is_denied_and_all_others_are_served(server: InProcessServer) -> None:
    parts = server.installation
    (other,) = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=["b"], emails=["b@example.com"], partition="aws"),
        now=NOW,
    )
    parts.directory.catch_up()
    of_other = {"key": other.access_key_id, "secret": other.secret_access_key}
    server.client("iam", **of_other).create_user(UserName="bob")
    assert (_health(server)["accounts"], _health(server)["quarantined"]) == (2, 0)

    _write_as_a_newer_release(server, other.account)
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    for given in (of_other, {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}):
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            server.client("sts", **given).get_caller_identity()
    assert (_health(server)["accounts"], _health(server)["quarantined"]) == (1, 1)
