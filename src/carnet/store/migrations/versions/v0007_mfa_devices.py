"""MFA devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mfa_devices",
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("id", "account", "partition", "path", "name", "name_key")
        ),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=True),
        sa.Column("enabled", sa.BigInteger, nullable=True),
        sa.Column("sealed_seed", sa.LargeBinary, nullable=False),
        sa.Column("drift", sa.Integer, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_mfa_devices"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_mfa_devices_account"),
        sa.UniqueConstraint("account", "name_key", name="uq_mfa_devices_account_name_key"),
    )
