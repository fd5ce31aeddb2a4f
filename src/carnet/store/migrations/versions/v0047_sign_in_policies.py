"""From where people may sign in to the console of an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0045"
branch_labels = None
depends_on = None

_OPTIONAL = (
    "source_ip",
    "source_vpc",
    "signin_source_vpce",
    "console_source_vpce",
    "vpc_source_ip",
    "requested_region",
    "excluded_principal",
)


def upgrade() -> None:
    op.create_table(
        "permission_statements",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account", "client_token")),
        sa.Column("created", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=True) for name in _OPTIONAL),
        sa.PrimaryKeyConstraint("id", name="pk_permission_statements"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_permission_statements_account"),
    )
    op.create_table(
        "console_authorizations",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "account")),
        sa.Column("enabled", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_console_authorizations"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_console_authorizations_account"),
    )
