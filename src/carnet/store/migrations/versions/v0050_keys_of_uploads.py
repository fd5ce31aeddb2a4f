"""Keys of AWS KMS that encrypt the parts of uploads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("object_acls", sa.Column("upload_key", sa.Text, nullable=True))
