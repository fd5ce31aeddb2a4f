"""ACLs of objects of Amazon S3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_TEXTS = ("id", "account", "object", "version", "upload", "etag", "owner", "acl")


def upgrade() -> None:
    op.create_table(
        "object_acls",
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        sa.Column("set_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_object_acls"),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name="fk_object_acls_account"),
    )
