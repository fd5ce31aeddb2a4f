"""Deletions of service-linked roles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "role_deletions",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "service", "role")),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_role_deletions"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_role_deletions_account"),
    )
