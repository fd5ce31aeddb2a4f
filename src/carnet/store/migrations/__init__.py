"""Alembic's scripts: how each version's tables came from the one before."""
