"""Alembic runs this file; `store.migrate` hands it the connection, in a transaction already."""

from __future__ import annotations

from alembic import context

from carnet.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
