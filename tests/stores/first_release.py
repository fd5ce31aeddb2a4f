"""A store as the release with the first migration alone left it: an account, a user, a data key, and their log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson
from alembic import command
from sqlalchemy import MetaData, create_engine, insert

from carnet.store.migrate import alembic_config
from tests.stores import raw
from tests.stores.entities import ACCOUNT_ID, DATA_KEY

_MOMENT = 1_767_323_045_678_901
_ROWS: tuple[tuple[str, str, str, str, Mapping[str, object]], ...] = (
    (
        "accounts",
        "account",
        ACCOUNT_ID,
        ACCOUNT_ID,
        {
            "id": ACCOUNT_ID,
            "partition": "aws",
            "name": "first",
            "email": "root@example.com",
            "created": _MOMENT,
            "alias": "example",
            "password_policy": None,
        },
    ),
    (
        "users",
        "user",
        ACCOUNT_ID,
        "AIDA1",
        {
            "id": "AIDA1",
            "account": ACCOUNT_ID,
            "partition": "aws",
            "path": "/",
            "name": "Alice",
            "name_key": "alice",
            "created": _MOMENT,
            "tags": '{"team":"blue"}',
            "boundary": None,
            "groups": "[]",
            "attached": "[]",
            "inline": "{}",
        },
    ),
    (
        "data_keys",
        "data key",
        "",
        DATA_KEY.kid,
        {
            "kid": DATA_KEY.kid,
            "purpose": DATA_KEY.purpose,
            "state": DATA_KEY.state.value,
            "wrapped": DATA_KEY.wrapped,
            "created": _MOMENT,
        },
    ),
)
"""Table, kind, account, key and columns, each row written by a transaction of its own."""
EPOCH = "0123456789abcdef0123456789abcdef"


def create(url: str) -> None:
    """Make it in an empty database."""
    engine = create_engine(raw.with_driver(url))
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        tables = MetaData()
        tables.reflect(connection)
        tip = b""
        for seq, (table, kind, account, key, columns) in enumerate(_ROWS, start=1):
            connection.execute(insert(tables.tables[table]), columns)
            change = {
                "seq": seq,
                "ordinal": 0,
                "epoch": EPOCH,
                "prev_hash": tip,
                "kind": kind,
                "account": account,
                "key": key,
                "content": _hash(dict(sorted(columns.items()))),
            }
            tip = _hash(tuple(change.values()))
            connection.execute(insert(tables.tables["changes"]), {**change, "hash": tip})
        connection.execute(insert(tables.tables["head"]), {"one": 1, "seq": len(_ROWS), "epoch": EPOCH, "hash": tip})
    engine.dispose()


def _hash(value: object) -> bytes:
    return hashlib.sha256(orjson.dumps(value, default=bytes.hex)).digest()
