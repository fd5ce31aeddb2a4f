"""Passkeys among MFA devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mfa_devices", sa.Column("credential_id", sa.Text, nullable=True))
    op.add_column("mfa_devices", sa.Column("sign_count", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("ix_mfa_devices_credential_id", "mfa_devices", ["credential_id"], unique=True)
