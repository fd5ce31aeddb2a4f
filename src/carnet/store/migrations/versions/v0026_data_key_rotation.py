"""Data keys have numbers, and a time since when they seal no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("data_keys", sa.Column("number", sa.Integer, nullable=False, server_default="1"))
    op.add_column("data_keys", sa.Column("retired", sa.BigInteger, nullable=True))
