"""Nodes, leases, the age of log rows, and the oldest format that a data key opens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "nodes",
        _text("id"),
        _text("release"),
        _text("features"),
        _number("seq"),
        _number("seen"),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )
    op.create_table(
        "leases",
        _text("name"),
        _text("holder"),
        _number("fence"),
        _number("expires"),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "log_marks",
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        _number("at"),
        sa.PrimaryKeyConstraint("seq", name="pk_log_marks"),
    )
    # Keys of before open every format; a release that does not know the column makes such keys too.
    op.add_column("data_keys", sa.Column("floor", sa.Integer, nullable=False, server_default="1"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
