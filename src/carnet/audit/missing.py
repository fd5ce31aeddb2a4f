"""Which changes the audit log tells of and the store has no record of: what an earlier copy of the store lacks."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import datetime

from carnet.audit.event_lines import Event, who
from carnet.audit.history import EventHistory, Query
from carnet.audit.logs import Log
from carnet.base.printable import printable

_MOST_MEMBERS, _LONGEST_VALUE = 3, 80


def missing_changes(log: Log, recorded: Container[str], since: datetime | None) -> Iterator[Event]:
    """The events of changes at `since` or later whose ids are not among those recorded, the newest first."""
    for event in EventHistory(log).all(Query(since=since, attributes={"ReadOnly": "false"})):
        if "errorCode" not in event and event["eventID"] not in recorded:
            yield event


def as_sentence(event: Event) -> str:
    """`DeleteAccessKey userName=alice accessKeyId=AKIA... by 111122223333:user/admin at 2026-01-02T03:04:05Z`."""
    given: Mapping[str, object] = event.get("requestParameters") or {}
    named = [f"{name}={value[:_LONGEST_VALUE]}" for name, value in given.items() if isinstance(value, str)]
    words = (event["eventName"], *named[:_MOST_MEMBERS], "by", who(event), "at", event["eventTime"])
    return printable(" ".join(words))
