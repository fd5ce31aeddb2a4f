"""Reports, and which actions principals used last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "kind", "owner")),
        sa.Column("requested", sa.BigInteger, nullable=False),
        sa.Column("completed", sa.BigInteger, nullable=True),
        sa.Column("content", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
    )
    op.create_table(
        "action_use",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("principal_id", "action")),
        sa.Column("last_used", sa.BigInteger, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("principal_id", "action", name="pk_action_use"),
    )
