"""Access points of buckets of Amazon S3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0042"
branch_labels = None
depends_on = None

_TEXTS = ("arn", "account", "partition", "region", "name", "alias", "bucket", "bucket_account")


def upgrade() -> None:
    op.create_table(
        "access_points",
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("vpc", sa.Text, nullable=True),
        sa.Column("block", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=True),
        sa.Column("principal_ids", sa.Text, nullable=False),
        sa.Column("tags", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("arn", name="pk_access_points"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_access_points_account"),
    )
