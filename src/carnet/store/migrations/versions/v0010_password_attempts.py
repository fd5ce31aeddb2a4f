"""Attempts of passwords, and when passwords were last used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "password_attempts",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "network")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("failures", "since", "last")),
        sa.Column("trusted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("owner", "network", name="pk_password_attempts"),
    )
    op.create_index("ix_password_attempts_network", "password_attempts", ["network"])
    op.create_table(
        "password_use",
        sa.Column("owner_id", sa.Text, nullable=False),
        sa.Column("last_used", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name="pk_password_use"),
    )
