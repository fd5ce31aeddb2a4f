"""Passwords of users and root users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_profiles",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("sealed_hashes", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("reset_required", sa.Boolean, nullable=False),
        sa.Column("max_session_seconds", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_login_profiles"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_login_profiles_account"),
    )
