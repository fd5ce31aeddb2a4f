"""Which secrets are still sealed in an older format."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from sqlalchemy import Connection, select

from carnet.entities.access_key import AccessKey
from carnet.store.access_keys import TABLE, from_row

_LOG = logging.getLogger(__name__)


def access_keys_sealed_before(
    connection: Connection, *, sealed_format: int, after: str = "", limit: int | None = None
) -> Iterator[tuple[str, AccessKey | None]]:
    """(id, access key) in the order of their ids, those behind `after`; None for a row that cannot be read."""
    # The format is the first byte, and both databases compare bytes from the first to the last.
    older = TABLE.c.sealed_secret < bytes((sealed_format,))
    query = select(TABLE).where(older, TABLE.c.id > after).order_by(TABLE.c.id).limit(limit)
    for row in connection.execute(query):
        try:
            yield row.id, from_row(row)
        except Exception:
            _LOG.exception("the access key %s cannot be read", row.id)
            yield row.id, None
