"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _logs()
    _accounts()
    _identities()
    _policies()
    _data_keys()
    _last_used()


def _logs() -> None:
    op.create_table(
        "head",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        _text("epoch"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_head"),
        sa.CheckConstraint("one = 1", name=op.f("ck_head_single_row")),
    )
    op.create_table(
        "changes",
        *_place("changes"),
        _text("epoch"),
        sa.Column("prev_hash", sa.LargeBinary, nullable=False),
        _text("kind"),
        _text("account"),
        _text("key"),
        sa.Column("content", sa.LargeBinary, nullable=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table("audit_events", *_place("audit_events"), _text("event"))


def _accounts() -> None:
    op.create_table(
        "accounts",
        *_own_id("accounts"),
        _text("partition"),
        _text("name"),
        _text("email"),
        _moment("created"),
        _optional_text("alias"),
        _optional_text("password_policy"),
        sa.UniqueConstraint("partition", "alias", name="uq_accounts_partition_alias"),
    )
    op.create_table(
        "access_keys",
        *_own_id("access_keys"),
        *_account("access_keys"),
        _text("owner"),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        _moment("created"),
    )
    op.create_index("ix_access_keys_account", "access_keys", ["account"])


def _identities() -> None:
    op.create_table(
        "users", *_named("users"), _optional_text("boundary"), _text("groups"), _text("attached"), _text("inline")
    )
    op.create_table("groups", *_named("groups"), _text("attached"), _text("inline"))
    op.create_table(
        "roles",
        *_named("roles"),
        _text("trust"),
        _text("trusted_ids"),
        _optional_text("description"),
        sa.Column("max_session_seconds", sa.Integer, nullable=False),
        _optional_text("boundary"),
        _text("attached"),
        _text("inline"),
        _optional_text("linked_service"),
    )
    op.create_table("instance_profiles", *_named("instance_profiles"), _optional_text("role"))


def _policies() -> None:
    op.create_table(
        "policies",
        *_named("policies"),
        _optional_text("description"),
        _moment("updated"),
        _text("versions"),
        sa.Column("default_version", sa.Integer, nullable=False),
        sa.Column("next_version", sa.Integer, nullable=False),
        sa.Column("attachable", sa.Boolean, nullable=False),
    )


def _data_keys() -> None:
    op.create_table(
        "data_keys",
        *_own_id("data_keys", "kid"),
        _text("purpose"),
        _text("state"),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        _moment("created"),
    )


def _last_used() -> None:
    op.create_table(
        "access_key_use",
        *_own_id("access_key_use", "key_id"),
        _moment("last_used"),
        _text("service"),
        _text("region"),
    )
    op.create_table("role_use", *_own_id("role_use", "role_id"), _moment("last_used"), _text("region"))


def _named(table: str) -> tuple[SchemaItem, ...]:
    return (
        *_own_id(table),
        *_account(table),
        _text("partition"),
        _text("path"),
        _text("name"),
        _text("name_key"),
        _moment("created"),
        _text("tags"),
        sa.UniqueConstraint("account", "name_key", name=f"uq_{table}_account_name_key"),
    )


def _own_id(table: str, name: str = "id") -> tuple[SchemaItem, ...]:
    return _text(name), sa.PrimaryKeyConstraint(name, name=f"pk_{table}")


def _account(table: str) -> tuple[SchemaItem, ...]:
    return _text("account"), sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{table}_account")


def _place(table: str) -> tuple[SchemaItem, ...]:
    return (
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("seq", "ordinal", name=f"pk_{table}"),
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _optional_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=True)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
