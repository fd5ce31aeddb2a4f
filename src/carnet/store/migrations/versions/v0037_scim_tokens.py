"""SCIM tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scim_tokens",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "identity_store", "digest")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created", "expires")),
        sa.PrimaryKeyConstraint("id", name="pk_scim_tokens"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_scim_tokens_account"),
        sa.UniqueConstraint("digest", name="uq_scim_tokens_digest"),
    )
