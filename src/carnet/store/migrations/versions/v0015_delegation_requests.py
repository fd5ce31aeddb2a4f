"""Delegation requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegation_requests",
        *_texts("id", "requestor", "requestor_name", "workflow"),
        *_texts("owner_account", "owner", "owner_id", "approver_id", "approver_arn", nullable=True),
        sa.Column("approver_session", sa.LargeBinary, nullable=True),
        *_texts("description"),
        *_texts("message", nullable=True),
        *_texts("template", "parameters", "policy", "channel"),
        *_texts("redirect_url", nullable=True),
        sa.Column("session_seconds", sa.Integer, nullable=False),
        sa.Column("only_owner_sends", sa.Boolean, nullable=False),
        *_texts("state"),
        *_texts("notes", "rejection", nullable=True),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("created", "updated")),
        sa.PrimaryKeyConstraint("id", name="pk_delegation_requests"),
        sa.UniqueConstraint("requestor", "workflow", name="uq_delegation_requests_requestor_workflow"),
    )


def _texts(*names: str, nullable: bool = False) -> tuple[sa.Column[object], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=nullable) for name in names)
