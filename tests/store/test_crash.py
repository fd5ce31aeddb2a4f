"""kill -9 at any moment loses no acknowledged write, and leaves none half made.

A kill loses nothing that the operating system has taken, so it says nothing of power cuts; against those stands
`synchronous=FULL`, which `test_sqlite.py` holds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.crashing import (
    Writer,
    acknowledge_after_commit,
    acknowledge_before_commit,
    acknowledge_each_unit_of_a_group,
    acknowledge_groups_after_commit,
    new_database,
    read_books,
    run_and_kill,
)

ROUNDS = 12
MOST_ROUNDS_OF_THE_BROKEN_WRITER = 200


@pytest.mark.parametrize("writer", [acknowledge_after_commit, acknowledge_groups_after_commit])
def test_no_acknowledged_write_is_lost_and_none_is_torn(tmp_path: Path, writer: Writer) -> None:
    path = tmp_path / "carnet.db"
    url = new_database(path)
    acknowledged: set[int] = set()
    for turn in range(ROUNDS):
        acknowledged |= run_and_kill(writer, url, turn)
        books = read_books(url)
        assert acknowledged <= books.users
        assert books.users == books.groups == books.audited
        assert books.seq == 1 + len(books.users)
        assert books.intact
        assert books.one_chain
    assert len(acknowledged) > ROUNDS, "too few writes were acknowledged to have tried anything"


def _lost(writer: Writer, path: Path, turn: int) -> frozenset[int]:
    acknowledged = run_and_kill(writer, f"sqlite:///{path}", turn)
    return acknowledged - read_books(f"sqlite:///{path}").users


@pytest.mark.parametrize("writer", [acknowledge_before_commit, acknowledge_each_unit_of_a_group])
def test_a_writer_that_acknowledges_too_early_is_caught(tmp_path: Path, writer: Writer) -> None:
    """The setting in which the test above must fail; otherwise its kills come at harmless moments."""
    path = tmp_path / "carnet.db"
    new_database(path)
    turns = range(MOST_ROUNDS_OF_THE_BROKEN_WRITER)
    assert any(_lost(writer, path, turn) for turn in turns)
