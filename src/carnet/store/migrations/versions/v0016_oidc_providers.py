"""OpenID Connect providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oidc_providers",
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("id", "account", "partition", "path", "name", "name_key")
        ),
        sa.Column("created", sa.BigInteger, nullable=False),
        *(
            sa.Column(name, sa.Text, nullable=False)
            for name in ("tags", "client_ids", "thumbprints", "context_provider")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_oidc_providers"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_oidc_providers_account"),
        sa.UniqueConstraint("account", "name_key", name="uq_oidc_providers_account_name_key"),
    )
