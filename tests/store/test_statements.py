"""Statements that are given to the driver as they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, create_engine, insert, update
from sqlalchemy.exc import IntegrityError, OperationalError

from carnet.store.statements import execute

SECRET = "a-secret-value"
THINGS = Table("things", MetaData(), Column("id", Integer, primary_key=True), Column("name", Text, unique=True))
INSERT, RENAME_ALL = insert(THINGS), update(THINGS)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = create_engine("sqlite://")
    THINGS.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as made:
        yield made


def test_it_tells_how_many_rows_a_statement_was_about(connection: Connection) -> None:
    assert execute(connection, RENAME_ALL, {"name": None}) == 0
    assert [execute(connection, INSERT, {"id": number, "name": None}) for number in (1, 2)] == [1, 1]
    assert execute(connection, RENAME_ALL, {"name": None}) == 2


def test_what_the_database_refuses_is_told_as_sqlalchemy_tells_it_but_without_the_values(
    connection: Connection,
) -> None:
    execute(connection, INSERT, {"id": 1, "name": SECRET})
    with pytest.raises(IntegrityError) as refused:
        execute(connection, INSERT, {"id": 2, "name": SECRET})
    assert "UNIQUE constraint failed" in str(refused.value)
    assert SECRET not in repr(refused.value) + str(refused.value)


def test_a_statement_that_fails_leaves_no_cursor_open(engine: Engine) -> None:
    with engine.connect() as connection:
        THINGS.drop(connection)
        with pytest.raises(OperationalError, match="no such table"):
            execute(connection, INSERT, {"id": 1, "name": None})
        THINGS.create(connection)
        assert execute(connection, INSERT, {"id": 1, "name": None}) == 1
