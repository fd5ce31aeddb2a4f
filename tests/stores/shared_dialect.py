"""SQLite's engines of a test process share what SQLAlchemy has compiled: it takes most of the time of a new store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite


class SharedDialect(SQLiteDialect_pysqlite):
    """One for all engines, since compiled statements are found by their dialect."""

    supports_statement_cache = True
    _only: SharedDialect | None = None
    _compiled: Any = None

    def __new__(cls, **_: Any) -> SharedDialect:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __init__(self, **given: Any) -> None:
        if "dbapi" not in vars(self):
            super().__init__(**given)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        if cls._compiled is None:
            cls._compiled = engine._compiled_cache
        engine._compiled_cache = cls._compiled


def share() -> None:
    """Let every engine of a SQLite file or memory that is made from now on share."""
    registry.register("sqlite.pysqlite", __name__, SharedDialect.__name__)
