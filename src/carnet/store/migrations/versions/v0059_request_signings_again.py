"""The table of migration 0048, where it is missing: releases that had 0050 and not yet 0048 passed over it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("request_signings"):
        return
    op.create_table(
        "request_signings",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "keys")),
        sa.PrimaryKeyConstraint("id", name="pk_request_signings"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_request_signings_account"),
    )
