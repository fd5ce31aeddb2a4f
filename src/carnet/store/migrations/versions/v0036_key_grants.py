"""Grants on keys of AWS KMS."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "key_grants",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("arn", "account", "grants")),
        sa.PrimaryKeyConstraint("arn", name="pk_key_grants"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_key_grants_account"),
    )
