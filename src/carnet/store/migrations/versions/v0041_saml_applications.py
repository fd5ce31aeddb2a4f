"""Applications of SAML 2.0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_TEXTS = ("id", "account", "acs_urls", "audience", "subject", "subject_format", "attributes", "relay_state")


def upgrade() -> None:
    op.create_table(
        "saml_applications",
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("session_seconds", sa.Integer, nullable=False),
        sa.Column("request_certificate", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saml_applications"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_saml_applications_account"),
    )
