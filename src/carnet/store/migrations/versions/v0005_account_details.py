"""Contacts and enabled Regions of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_details",
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("id", "account", "contact", "alternate_contacts", "regions")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_details"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_account_details_account"),
    )
