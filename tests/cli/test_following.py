"""What a server tells is followed: each thing once, whatever is told twice or late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from carnet.cli import following
from carnet.cli.following import Told, followed

BEGIN = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def told(*seconds: int) -> list[Told]:
    """Things of those seconds, as a server tells them."""
    return [
        Told(str(each), (BEGIN + timedelta(seconds=each)).isoformat(), f"shown {each}")
        for each in sorted(seconds, reverse=True)
    ]


def test_each_thing_is_shown_once_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0)
    answers: Iterator[list[Told]] = iter([told(1, 2), told(1, 2), told(1, 2, 4, 3), told(), told(4, 20), told(20, 12)])
    asked: list[datetime] = []

    def ask(since: datetime) -> list[Told]:
        asked.append(since)
        return next(answers)

    shown = followed(ask)
    assert [next(shown) for _ in range(4)] == ["shown 3", "shown 4", "shown 4", "shown 20"]
    assert next(shown) == "shown 12", "what comes late is shown nevertheless"
    since = [round((each - BEGIN).total_seconds()) for each in asked[1:]]
    assert since == [-8, -8, -6, -6, 10], "what was told lately is asked for again"


@pytest.mark.parametrize(
    ("after", "expected"),
    [("2", ["shown 3", "shown 5", "shown 6"]), (None, ["shown 6"]), ("of another hour", ["shown 6"])],
)
def test_what_came_before_the_first_look_is_shown_if_it_came_after_what_was_shown(
    monkeypatch: pytest.MonkeyPatch, after: str | None, expected: list[str]
) -> None:
    monkeypatch.setattr(following, "LOOK_SECONDS", 0)
    first = [*told(3, 5), Told("4", told(4)[0].time, None), *told(1, 2)]
    answers = iter([first, told(6)])
    shown = followed(lambda since: next(answers), after)
    assert [next(shown) for _ in expected] == expected
