"""Reaching behind the store's back, as an operator with a database client would."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import URL, create_engine, make_url, text


def execute(url: str, statement: str, values: Mapping[str, object] | None = None) -> None:
    """Run one SQL statement on the database and commit it."""
    engine = create_engine(with_driver(url))
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), values or {})
    finally:
        engine.dispose()


def with_driver(url: str) -> URL:
    """A store's URL as SQLAlchemy takes it."""
    parsed = make_url(url)
    driver = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}[parsed.get_backend_name()]
    return parsed.set(drivername=driver)
