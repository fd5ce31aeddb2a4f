"""Many rows that are inserted with few statements, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.exc import IntegrityError

from carnet.store import statements
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.statements import Insertion, RowTuple, execute_many
from tests.stores import raw

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text, unique=True),
    Column("secret", LargeBinary),
)
INSERT = insert(THINGS)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    engine = create_engine(raw.with_driver(database))
    try:
        with engine.begin() as made:
            THINGS.create(made)
            yield made
            made.rollback()
    finally:
        engine.dispose()


def stored(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(select(THINGS).order_by(THINGS.c.id))
    return [(row.id, row.name, None if row.secret is None else bytes(row.secret)) for row in rows]


def a_row(number: int) -> tuple[int, str | None, bytes | None]:
    """Some of them lack what others have."""
    return (
        number,
        None if number % 3 == 0 else f"thing {number} %s %(id)s ?",
        None if number % 5 == 0 else b"\0%d" % number,
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 255, 256, 257, 511, 513, 1000])
def test_each_row_is_there_once(connection: Connection, count: int) -> None:
    rows = [a_row(number) for number in range(count)]
    execute_many(connection, INSERT, ("id", "name", "secret"), rows)
    assert stored(connection) == rows


def test_more_values_than_one_statement_takes(connection: Connection) -> None:
    """PostgreSQL counts the values of a statement with 16 bits."""
    rows = [a_row(number) for number in range(2**15)]
    execute_many(connection, INSERT, ("id", "name", "secret"), rows)
    assert stored(connection) == rows


def test_no_table_has_too_many_columns_for_that() -> None:
    assert max(len(type_.table.columns) for type_ in ENTITY_TYPES) * statements._MOST_ROWS <= 65_535


def test_values_go_to_their_columns_in_whichever_order_these_are_given(connection: Connection) -> None:
    rows = [a_row(number) for number in range(300)]
    turned: list[RowTuple] = [(secret, number, name) for number, name, secret in rows]
    execute_many(connection, INSERT, ("secret", "id", "name"), turned)
    assert stored(connection) == rows


def test_columns_that_are_not_given_have_no_value_and_others_are_given_next(connection: Connection) -> None:
    Insertion.into(THINGS, ("id",))(connection, [(number,) for number in range(5)])
    Insertion.into(THINGS, ("name", "id"))(connection, [(f"named {number}", number) for number in range(5, 8)])
    assert stored(connection) == [(number, f"named {number}" if number > 4 else None, None) for number in range(8)]


def test_of_rows_that_are_refused_none_is_there(connection: Connection) -> None:
    rows: list[RowTuple] = [*(a_row(number) for number in range(400)), a_row(1)]
    with pytest.raises(IntegrityError), connection.begin_nested():
        execute_many(connection, INSERT, ("id", "name", "secret"), rows)
    assert stored(connection) == []


def test_a_row_with_too_few_values_is_no_row(connection: Connection) -> None:
    with pytest.raises(ValueError, match="shorter"):
        execute_many(connection, INSERT, ("secret", "id", "name"), [(b"", 1)])


def test_few_texts_stand_for_all_numbers_of_rows(connection: Connection) -> None:
    """Each is prepared by the database, and remembered here."""
    statements._of_several.cache_clear()
    first = 0
    for count in range(1, 130):
        execute_many(connection, INSERT, ("id", "name", "secret"), [a_row(first + each) for each in range(count)])
        first += count
    assert statements._of_several.cache_info().currsize <= 8
