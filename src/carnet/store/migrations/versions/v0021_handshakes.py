"""Handshakes between organizations and accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handshakes",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "organization", "action", "account")),
        *(sa.Column(name, sa.Text, nullable=True) for name in ("email", "parent", "notes")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tags", "state")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("requested", "expires", "changed")),
        sa.PrimaryKeyConstraint("id", name="pk_handshakes"),
    )
