"""Which role template a role comes from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "acquired_roles",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "template")),
        sa.Column("minor_version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acquired_roles"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_acquired_roles_account"),
    )
