"""The database's URL: what cannot be used is said in words, and a password is shown to nobody."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from carnet.base.faults import Unavailable
from carnet.store import database_url
from carnet.store.store import Store
from tests.stores.postgresql import PostgresqlServer


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nothing", "the database URL cannot be read; it is like sqlite:"),
        ("postgresql://me@host:port/db", "the database URL cannot be read; it is like sqlite:"),
        ("mysql://me@host/db", "must be sqlite or postgresql, not mysql; it is like sqlite:"),
        ("postgresql://me@host/db?colour=blue", 'cannot be used: invalid connection option "colour"$'),
        ("postgresql://me@host/db?connect_timeout=soon", "connect_timeout is 'soon' in the database URL"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Store.open(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hidden@host/db",
        "postgresql://me@host/db?password=hidden&sslmode=require",
        "postgresql://me@host/db?sslpassword=hidden",
    ],
)
def test_a_password_is_not_shown_wherever_it_stands(url: str) -> None:
    shown = database_url.shown(database_url.parsed(url))
    assert "hidden" not in shown
    assert "***" in shown
    assert shown.startswith("postgresql://me")


def test_both_schemes_of_libpq_are_taken() -> None:
    given = "postgresql://me:secret@host:5433/db?connect_timeout=5"
    assert database_url.parsed(given.replace("postgresql:", "postgres:")) == database_url.parsed(given)


def _told(url: str) -> str:
    with pytest.raises(Unavailable) as caught:
        Store.open(url).close()
    return caught.value.message


def test_the_operator_is_told_why_no_connection_is_made(tmp_path: Path) -> None:
    told = _told(f"postgresql://me:hidden@/db?host={tmp_path}")
    assert "The store cannot be reached. The driver says: " in told
    assert "No such file or directory" in told
    assert "hidden" not in told


def test_the_operator_is_told_what_the_server_refuses(postgresql_server: PostgresqlServer) -> None:
    url = postgresql_server.new_database()
    there = url.partition("?")[2]
    assert 'FATAL:  database "nowhere" does not exist.' in _told(f"postgresql://carnet@/nowhere?{there}")
    assert 'role "stranger" does not exist.' in _told(f"postgresql://stranger@/nowhere?{there}")
    postgresql_server.drop(url)


def test_a_role_that_may_make_no_tables_is_told_so(postgresql_server: PostgresqlServer) -> None:
    """Since version 15 of PostgreSQL a role may make no tables in a database that is another's."""
    url = postgresql_server.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    try:
        assert "The driver says: permission denied for schema public." in _told(url.replace("carnet@", "guest@"))
    finally:
        postgresql_server.drop(url)
