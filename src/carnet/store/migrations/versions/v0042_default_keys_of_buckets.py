"""Keys of AWS KMS that encrypt what is written to a bucket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("buckets", sa.Column("default_key", sa.Text, nullable=True))
