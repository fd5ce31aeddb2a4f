"""Policies of resources behind the gateway."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resource_based_policies",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("arn", "account", "document", "principal_ids")),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_resource_based_policies"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_resource_based_policies_account"),
    )
