"""What people in identity stores sign in with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None
_NAMED = ("id", "account", "partition", "path", "name", "name_key")


def upgrade() -> None:
    op.create_table(
        "person_passwords",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("sealed_hashes", sa.LargeBinary, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sa.Column("reset_required", sa.Boolean, nullable=False),
        sa.Column("max_session_seconds", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_person_passwords"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_person_passwords_account"),
    )
    op.create_table(
        "person_mfa_devices",
        *(sa.Column(name, sa.Text, nullable=False) for name in _NAMED),
        sa.Column("created", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tags", "kind", "holder")),
        sa.Column("enabled", sa.BigInteger, nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary, nullable=False),
        sa.Column("drift", sa.Integer, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=True),
        sa.Column("credential_id", sa.Text, nullable=True),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_mfa_devices"),
        sa.UniqueConstraint("account", "name_key", name="uq_person_mfa_devices_account_name_key"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_person_mfa_devices_account"),
    )
    op.create_index("ix_person_mfa_devices_credential_id", "person_mfa_devices", ["credential_id"], unique=True)
    op.create_table(
        "person_invitations",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("remove_mfa", sa.Boolean, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_invitations"),
        sa.UniqueConstraint("digest", name="uq_person_invitations_digest"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_person_invitations_account"),
    )
