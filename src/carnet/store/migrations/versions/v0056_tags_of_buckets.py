"""Tags of buckets, and whether conditions are held to them. Those of buckets that are there are at their upstreams."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("buckets", sa.Column("tags", sa.Text, nullable=True))
    op.add_column("buckets", sa.Column("abac", sa.Text, nullable=True))
