"""Buckets behind the gateway, and what keeps those of an account from being public."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def upgrade() -> None:
    op.create_table(
        "buckets",
        *_texts("arn", "account", "partition", "name", "region"),
        sa.Column("created", sa.BigInteger, nullable=False),
        *_texts("state", "upstream", "ownership"),
        sa.Column("block", sa.Text, nullable=True),
        *_texts("acl"),
        sa.Column("policy", sa.Text, nullable=True),
        *_texts("principal_ids"),
        sa.PrimaryKeyConstraint("arn", name="pk_buckets"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_buckets_account"),
    )
    op.create_table(
        "account_public_access",
        *_texts("id", "account", "block"),
        sa.PrimaryKeyConstraint("id", name="pk_account_public_access"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_account_public_access_account"),
    )
