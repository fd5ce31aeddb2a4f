"""What people let clients do: device authorizations, and the sessions behind access tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_authorizations",
        *_texts("id", "account", "instance", "user_code", "client", "client_name", "scopes", "network", "address"),
        *_texts("user_agent"),
        *_moments("created", "expires"),
        *_texts("state", "holder", "sign_in"),
        *_of_account("device_authorizations"),
        sa.UniqueConstraint("user_code", name="uq_device_authorizations_user_code"),
    )
    op.create_index("ix_device_authorizations_expires", "device_authorizations", ["expires"])
    op.create_table(
        "oauth_sessions",
        *_texts("id", "account", "kind", "holder", "instance", "client", "client_name", "scopes", "grant"),
        *_moments("created", "expires"),
        sa.Column("generation", sa.Integer, nullable=False),
        *_moments("rotated"),
        sa.Column("revoked", sa.Boolean, nullable=False),
        *_texts("sign_in", "key", "proofs"),
        sa.Column("claims", sa.LargeBinary, nullable=False),
        *_of_account("oauth_sessions"),
        sa.UniqueConstraint("grant", name="uq_oauth_sessions_grant"),
    )
    op.create_index("ix_oauth_sessions_expires", "oauth_sessions", ["expires"])


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)


def _moments(*names: str) -> tuple[sa.Column[int], ...]:
    return tuple(sa.Column(name, sa.BigInteger, nullable=False) for name in names)


def _of_account(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{table}_account"),
    )
