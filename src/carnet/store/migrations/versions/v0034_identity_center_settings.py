"""Settings of instances of IAM Identity Center, their applications and trusted token issuers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _optional(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=True)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _table(name: str, *rest: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        *map(_text, ("id", "account")),
        *rest,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{name}_account"),
    )


def upgrade() -> None:
    _table(
        "instance_settings",
        _optional("attributes"),
        _text("regions"),
    )
    _table(
        "sso_applications",
        *map(_text, ("instance", "partition", "application_account", "provider", "name")),
        _optional("description"),
        *map(_text, ("portal", "status")),
        _moment("created"),
        _optional("client_token"),
        _flag("assignment_required"),
        *map(_text, ("scopes", "grants", "methods", "background_sessions", "tags")),
    )
    _table(
        "sso_application_assignments",
        *map(_text, ("instance", "application", "principal_type", "principal")),
        _moment("created"),
    )
    _table(
        "trusted_token_issuers",
        *map(_text, ("instance", "partition", "name", "issuer_url", "claim", "attribute")),
        _moment("created"),
        _optional("client_token"),
        _text("tags"),
        sa.UniqueConstraint("instance", "issuer_url", name="uq_trusted_token_issuers_instance_issuer_url"),
    )
