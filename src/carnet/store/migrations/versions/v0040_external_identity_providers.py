"""External identity providers, and what they say of who signs in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "external_identity_providers",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "issuer", "sign_in_url")),
        sa.Column("certificates", sa.Text, nullable=False),
        sa.Column("valid_until", sa.BigInteger, nullable=True),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_external_identity_providers"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_external_identity_providers_account"),
    )
    op.add_column("browser_sessions", sa.Column("provider", sa.Text, nullable=True))
    for table in ("browser_sessions", "oauth_sessions"):
        op.add_column(table, sa.Column("attributes", sa.Text, nullable=False, server_default="{}"))
