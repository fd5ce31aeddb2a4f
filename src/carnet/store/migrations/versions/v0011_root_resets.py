"""Leave to set root passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "root_resets",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "digest")),
        sa.Column("remove_mfa", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created", "expires")),
        sa.PrimaryKeyConstraint("id", name="pk_root_resets"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_root_resets_account"),
        sa.UniqueConstraint("digest", name="uq_root_resets_digest"),
    )
