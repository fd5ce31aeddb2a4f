"""Instances of IAM Identity Center, and the people and groups of their identity stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create(
        "identity_center_instances",
        *_texts("id", "account", "partition", "identity_store"),
        sa.Column("organization", sa.Text, nullable=True),
        *_texts("region"),
        sa.Column("name", sa.Text, nullable=True),
        *_texts("status"),
        _moment("created"),
        *_texts("tags"),
        unique=(("account",), ("identity_store",)),
    )
    _create(
        "identity_store_users",
        *_texts("id", "account", "identity_store", "user_name", "name_key"),
        sa.Column("email_key", sa.Text, nullable=True),
        *_texts("attributes", "external_ids"),
        sa.Column("enabled", sa.Boolean, nullable=False),
        *_history(),
        unique=(("identity_store", "name_key"), ("identity_store", "email_key")),
    )
    _create(
        "identity_store_groups",
        *_texts("id", "account", "identity_store", "display_name", "name_key"),
        sa.Column("description", sa.Text, nullable=True),
        *_texts("external_ids"),
        *_history(),
        unique=(("identity_store", "name_key"),),
    )
    _create(
        "identity_store_memberships",
        *_texts("id", "account", "identity_store", "group", "member"),
        _moment("created"),
        *_texts("created_by"),
        unique=(("group", "member"),),
    )


def _texts(*names: str) -> Iterator[sa.Column[Any]]:
    return (sa.Column(name, sa.Text, nullable=False) for name in names)


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _history() -> Iterator[sa.Column[Any]]:
    yield sa.Column("revision", sa.Integer, nullable=False)
    for done in ("created", "updated"):
        yield _moment(done)
        yield from _texts(f"{done}_by")


def _create(name: str, *columns: sa.Column[Any], unique: tuple[tuple[str, ...], ...]) -> None:
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{name}_account"),
        *(sa.UniqueConstraint(*each, name=f"uq_{name}_{'_'.join(each)}") for each in unique),
    )
