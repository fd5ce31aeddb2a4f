"""SSH public keys, signing certificates, service-specific credentials, server certificates, settings of IAM."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create(
        "ssh_public_keys",
        *_held("body", "fingerprint"),
        sa.UniqueConstraint("owner", "fingerprint", name="uq_ssh_public_keys_owner_fingerprint"),
    )
    op.create_index("ix_ssh_public_keys_account", "ssh_public_keys", ["account"])
    _create(
        "signing_certificates",
        *_held("body", "fingerprint"),
        sa.UniqueConstraint("account", "fingerprint", name="uq_signing_certificates_account_fingerprint"),
    )
    _create(
        "service_specific_credentials",
        *_held("service", "service_name", "digest"),
        sa.Column("expires", sa.BigInteger, nullable=True),
        sa.UniqueConstraint(
            "account",
            "service",
            "service_name",
            name="uq_service_specific_credentials_account_service_service_name",
        ),
    )
    _create(
        "server_certificates",
        *_texts("partition", "path", "name", "name_key"),
        sa.Column("created", sa.BigInteger, nullable=False),
        *_texts("tags", "body"),
        sa.Column("chain", sa.Text, nullable=True),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("account", "name_key", name="uq_server_certificates_account_name_key"),
    )
    _create(
        "iam_settings",
        *_texts("properties"),
        sa.Column("global_token_version", sa.Integer, nullable=False),
        *_texts("quotas"),
    )


def _create(table: str, *own: SchemaItem) -> None:
    op.create_table(
        table,
        *_texts("id", "account"),
        *own,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{table}_account"),
    )


def _held(*texts: str) -> tuple[sa.Column[object], ...]:
    """What the credentials that a user holds have in common, and those columns of text."""
    return (
        *_texts("owner"),
        sa.Column("active", sa.Boolean, nullable=False),
        *_texts(*texts),
        sa.Column("created", sa.BigInteger, nullable=False),
    )


def _texts(*names: str) -> tuple[sa.Column[object], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)
