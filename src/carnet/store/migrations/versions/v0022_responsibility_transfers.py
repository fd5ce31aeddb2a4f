"""Responsibility transfers between organizations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TEXTS = ("id", "organization", "target", "source_organization", "source", "name", "tags", "status")


def upgrade() -> None:
    op.create_table(
        "responsibility_transfers",
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("expires", "changed")),
        sa.PrimaryKeyConstraint("id", name="pk_responsibility_transfers"),
    )
