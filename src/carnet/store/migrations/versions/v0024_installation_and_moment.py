"""The head tells which installation it is, and up to when it was written."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_HEAD = sa.table("head", sa.column("installation"))
_DATA_KEYS = sa.table("data_keys", sa.column("kid"), sa.column("created"))


def upgrade() -> None:
    op.add_column("head", sa.Column("installation", sa.Text, nullable=True))
    op.add_column("head", sa.Column("at", sa.BigInteger, nullable=False, server_default="0"))
    # Of its first data key, so that every copy of an older database gets the same.
    first = sa.select(_DATA_KEYS.c.kid).order_by(_DATA_KEYS.c.created, _DATA_KEYS.c.kid).limit(1)
    installation = op.get_bind().scalar(first) or secrets.token_hex(16)
    op.execute(sa.update(_HEAD).values(installation=installation))
