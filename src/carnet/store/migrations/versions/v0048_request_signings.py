"""What signs authentication requests to external identity providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request_signings",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "keys")),
        sa.PrimaryKeyConstraint("id", name="pk_request_signings"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_request_signings_account"),
    )
