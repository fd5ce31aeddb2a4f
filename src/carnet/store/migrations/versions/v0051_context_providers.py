"""Context providers of SAML providers, and the instances of IAM Identity Center that are associated with providers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("saml_providers", sa.Column("context_provider", sa.Text, nullable=False, server_default="{}"))
    for table in ("saml_providers", "oidc_providers"):
        op.add_column(table, sa.Column("identity_center_instance", sa.Text, nullable=True))
