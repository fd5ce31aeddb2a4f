"""Operator tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_tokens",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "name", "digest", "scopes")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created", "expires")),
        sa.PrimaryKeyConstraint("id", name="pk_operator_tokens"),
        sa.UniqueConstraint("digest", name="uq_operator_tokens_digest"),
    )
