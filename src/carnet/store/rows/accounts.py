"""Rows of accounts."""

from __future__ import annotations

from dataclasses import asdict
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Row, Table, UniqueConstraint

from carnet.entities.account import Account
from carnet.entities.password_policy import PasswordPolicy
from carnet.store.codec import RowValues, columns, json_text, read_moment
from carnet.store.entity_type import EntityType
from carnet.store.schema import METADATA, optional_text, own_id, text
from carnet.store.schema import moment as moment_column

TABLE = Table(
    "accounts",
    METADATA,
    own_id(),
    text("partition"),
    text("name"),
    text("email"),
    moment_column("created"),
    optional_text("alias"),
    optional_text("password_policy"),
    # An alias is the host name of a sign-in page, so it is unique in the whole partition.
    UniqueConstraint("partition", "alias"),
)


def to_row(account: Account) -> RowValues:
    policy = account.password_policy
    return columns(
        {
            "id": account.id,
            "partition": account.partition,
            "name": account.name,
            "email": account.email,
            "created": account.created,
            "alias": account.alias,
            "password_policy": None if policy is None else json_text(asdict(policy)),
        }
    )


def from_row(row: Row[Any]) -> Account:
    policy = row.password_policy
    return Account(
        id=row.id,
        partition=row.partition,
        name=row.name,
        email=row.email,
        created=read_moment(row.created),
        alias=row.alias,
        password_policy=None if policy is None else PasswordPolicy(**orjson.loads(policy)),
    )


def _alias(account: Account) -> tuple[str, str] | None:
    return None if account.alias is None else (account.partition, account.alias)


ACCOUNTS = EntityType(
    entity=Account,
    kind="account",
    table=TABLE,
    to_row=to_row,
    from_row=from_row,
    decides=True,
    every_release=True,
    scope_column="id",
    name_of=lambda account: account.alias or account.id,
    unique_name=None,
    installation_name=_alias,
    order=attrgetter("id"),
)
