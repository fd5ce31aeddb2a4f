"""Moments as AWS writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TO_THE_SECOND = len("2026-01-02T03:04:05")


def iso_seconds(moment: datetime) -> str:
    """ISO 8601 in UTC to the second, `2026-01-02T03:04:05Z`."""
    return iso_of_epoch(int(moment.timestamp()))


@lru_cache(64)
def moment_of_ms(epoch_ms: int) -> datetime:
    """A time that is kept in epoch milliseconds."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


@lru_cache(64)
def iso_of_epoch(epoch_seconds: int) -> str:
    """The same of seconds since 1970: all the requests of one second have one text."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()[:_TO_THE_SECOND] + "Z"
