"""SAML providers, and the assertions that were redeemed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NAMED = ("id", "account", "partition", "path", "name", "name_key")


def upgrade() -> None:
    op.create_table(
        "saml_providers",
        *(sa.Column(name, sa.Text, nullable=False) for name in _NAMED),
        sa.Column("created", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tags", "document", "certificates")),
        sa.Column("valid_until", sa.BigInteger, nullable=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("encryption", "private_keys")),
        sa.PrimaryKeyConstraint("id", name="pk_saml_providers"),
        sa.UniqueConstraint("account", "name_key", name="uq_saml_providers_account_name_key"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_saml_providers_account"),
    )
    op.create_table(
        "redeemed_assertions",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account")),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redeemed_assertions"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_redeemed_assertions_account"),
    )
    op.create_index("ix_redeemed_assertions_expires", "redeemed_assertions", ["expires"])
