"""When each last use was written, and an index on it: processes read what others have written since their last look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_TABLES = ("access_key_use", "role_use", "password_use", "browser_session_use")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("written", sa.BigInteger, nullable=False, server_default="0"))
        op.create_index(f"ix_{table}_written", table, ["written"])
