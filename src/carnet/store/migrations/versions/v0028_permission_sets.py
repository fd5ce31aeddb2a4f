"""Permission sets, their assignments, what is provisioned of them, and requests of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _optional(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=True)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _table(name: str, *rest: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        *map(_text, ("id", "account", "instance")),
        *rest,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=f"fk_{name}_account"),
    )


def upgrade() -> None:
    _table(
        "permission_sets",
        *map(_text, ("partition", "name")),
        _optional("description"),
        _moment("created"),
        _text("session_duration"),
        _optional("relay_state"),
        *map(_text, ("managed", "customer")),
        *map(_optional, ("inline", "boundary_managed", "boundary_customer")),
        _text("tags"),
        sa.UniqueConstraint("instance", "name", name="uq_permission_sets_instance_name"),
    )
    _table(
        "account_assignments",
        *map(_text, ("permission_set", "target", "principal_type", "principal")),
        _moment("created"),
    )
    _table(
        "provisioned_permission_sets",
        *map(_text, ("permission_set", "target", "role", "content_hash")),
        sa.Column("session_seconds", sa.Integer, nullable=False),
        _optional("relay_state"),
        _moment("provisioned"),
    )
    _table(
        "provisioning_requests",
        *map(_text, ("kind", "permission_set")),
        *map(_optional, ("target", "principal_type", "principal", "failure")),
        _moment("created"),
    )
    op.create_index("ix_provisioning_requests_created", "provisioning_requests", ["created"])
