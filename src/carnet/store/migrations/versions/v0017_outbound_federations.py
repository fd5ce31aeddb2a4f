"""Outbound web identity federation of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbound_federations",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "issuer")),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbound_federations"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_outbound_federations_account"),
    )
