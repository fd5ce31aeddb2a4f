"""Sessions of browsers, and when each was last used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "browser_sessions",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("password_set", sa.BigInteger, nullable=True),
        sa.Column("mfa", sa.BigInteger, nullable=True),
        sa.Column("mfa_device", sa.Text, nullable=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_browser_sessions"),
        sa.UniqueConstraint("digest", name="uq_browser_sessions_digest"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_browser_sessions_account"),
    )
    op.create_index("ix_browser_sessions_expires", "browser_sessions", ["expires"])
    op.create_table(
        "browser_session_use",
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("last_used", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_browser_session_use"),
    )
