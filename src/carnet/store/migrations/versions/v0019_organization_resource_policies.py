"""Resource policies of organizations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization_resource_policies",
        *(sa.Column(name, sa.Text, nullable=False) for name in ("id", "organization", "content", "tags")),
        sa.PrimaryKeyConstraint("id", name="pk_organization_resource_policies"),
        sa.ForeignKeyConstraint(
            ["organization"], ["organizations.id"], name="fk_organization_resource_policies_organization"
        ),
        sa.UniqueConstraint("organization", name="uq_organization_resource_policies_organization"),
    )
