"""Access keys that were deleted or made inactive, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ended_keys",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "turns")),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ended_keys"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_ended_keys_account"),
    )
    op.create_index("ix_ended_keys_account", "ended_keys", ["account"])
    op.create_index("ix_ended_keys_changed", "ended_keys", ["changed"])
