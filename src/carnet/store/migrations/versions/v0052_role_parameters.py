"""The parameters of roles that were made from a template, and how long one stays signed in with a role."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("acquired_roles", sa.Column("parameters", sa.Text, nullable=True))
    op.add_column("roles", sa.Column("max_signin_seconds", sa.Integer, nullable=True))
