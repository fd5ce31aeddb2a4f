"""The change log tells scopes and what decides; releases can tell which kinds and tables they do not know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The rows that are there keep their hashes: an account's id is its scope's, and all of them decide.
    op.execute("ALTER TABLE changes RENAME COLUMN account TO scope")
    op.add_column("changes", sa.Column("decides", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_table(
        "kinds",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("decides", sa.Boolean, nullable=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("scope_column", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("kind", name="pk_kinds"),
    )
    compatibility = op.create_table(
        "compatibility",
        sa.Column("one", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("one", name="pk_compatibility"),
        sa.CheckConstraint("one = 1", name=op.f("ck_compatibility_single_row")),
    )
    # A renamed column: releases from before this migration cannot work with the tables.
    op.bulk_insert(compatibility, [{"one": 1, "since": revision}])
