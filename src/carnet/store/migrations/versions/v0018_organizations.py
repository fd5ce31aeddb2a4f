"""Organizations: their trees, their accounts, and their policies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        *_texts("id", "partition", "management", "feature_set"),
        sa.Column("created", sa.BigInteger, nullable=False),
        *_texts("policy_types", "trusted_services", "root_features"),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_table(
        "organizational_units",
        *_texts("id", "organization"),
        sa.Column("parent", sa.Text, nullable=True),
        *_texts("name", "attached"),
        sa.Column("full_access", sa.Boolean, nullable=False),
        *_texts("tags"),
        sa.PrimaryKeyConstraint("id", name="pk_organizational_units"),
        _of_organization("organizational_units"),
        sa.UniqueConstraint("organization", "parent", "name", name="uq_organizational_units_organization_parent_name"),
    )
    op.create_table(
        "organization_accounts",
        *_texts("id", "organization", "parent", "joined_method"),
        sa.Column("joined", sa.BigInteger, nullable=False),
        *_texts("attached"),
        sa.Column("full_access", sa.Boolean, nullable=False),
        *_texts("delegations", "tags"),
        sa.PrimaryKeyConstraint("id", name="pk_organization_accounts"),
        sa.ForeignKeyConstraint(["id"], ["accounts.id"], name="fk_organization_accounts_id"),
        _of_organization("organization_accounts"),
        sa.ForeignKeyConstraint(["parent"], ["organizational_units.id"], name="fk_organization_accounts_parent"),
    )
    op.create_table(
        "organization_policies",
        *_texts("id", "organization", "type", "name", "description", "content", "tags"),
        sa.PrimaryKeyConstraint("id", name="pk_organization_policies"),
        _of_organization("organization_policies"),
        sa.UniqueConstraint("organization", "type", "name", name="uq_organization_policies_organization_type_name"),
    )
    op.create_table(
        "organization_memberships",
        *_texts("id", "account", "organization"),
        sa.Column("closed", sa.BigInteger, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_organization_memberships"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_organization_memberships_account"),
    )


def _of_organization(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["organization"], ["organizations.id"], name=f"fk_{table}_organization")


def _texts(*names: str) -> tuple[sa.Column[object], ...]:
    return tuple(sa.Column(name, sa.Text, nullable=False) for name in names)
