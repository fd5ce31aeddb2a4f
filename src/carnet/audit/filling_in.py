"""Fills in, from the database, the events of changes that the audit log lacks: those of a process that was killed
between the commit and the log, and those of a commit of which nobody knew whether it was made.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from carnet.audit.json_line import line_of
from carnet.audit.logs import Log
from carnet.audit.reading import parsed
from carnet.audit.recorder import Recorder
from carnet.base.timestamps import iso_seconds
from carnet.store.changes import Revision
from carnet.store.store import Store

_COMPLETE = b'{"complete":'
_CHANGE = b'"readOnly":false'
_EVENT_ID = re.compile(rb'"eventID":"([^"]+)"')
_ADDENDUM = b',"addendum":{"reason":"SERVICE_OUTAGE"}}\n'
"""How CloudTrail marks an event that came late.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""
_PATIENCE_SECONDS = 1.0


class Completeness(NamedTuple):
    """Up to where the log has all that it must have."""

    epoch: str
    seq: int


def fill_in(recorder: Recorder, store: Store, log: Log, now: datetime) -> int:
    """Append each event of the rows that were to be in this log and are not; how many those were.

    INVARIANT: each once, whichever processes do it at once: nothing is between commit and log meanwhile. If that
    does not come, it is left for the next time. Raises Unavailable, OSError.
    """
    if recorder.underway is None:
        return 0
    lines = recorder.lines
    with recorder.underway.nothing(_PATIENCE_SECONDS) as nothing_underway:
        if not nothing_underway:
            return 0
        head = store.revision()
        complete, present = _since_complete(log)
        if complete == (head.epoch, head.seq) and not recorder.behind:
            return 0
        missing = [] if _is_of_another_past(complete, head) else _missing_events(store, lines.log, complete, present)
        lines.write(b"".join((*missing, _complete(head, now))))
        recorder.behind = False
        return len(missing)


def _is_of_another_past(complete: Completeness | None, head: Revision) -> bool:
    """A backup was restored since: what its rows tell of was recorded when it happened."""
    return complete is not None and complete.epoch != head.epoch


def _missing_events(store: Store, log: str, complete: Completeness | None, present: frozenset[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for event in store.events_recorded_in(log, complete.seq if complete is not None else 0):
        line = event.encode()
        named = _EVENT_ID.search(line)
        if named is None or named[1] not in present:
            found.append(line[:-1] + _ADDENDUM)
    return found


def _complete(head: Revision, now: datetime) -> bytes:
    return line_of({"complete": {"epoch": head.epoch, "seq": head.seq, "time": iso_seconds(now)}})


def _since_complete(log: Log) -> tuple[Completeness | None, frozenset[bytes]]:
    """What the log says last of its completeness, and the ids of the changes after that."""
    present: set[bytes] = set()
    for part in log.parts():
        for line in part:
            if line.startswith(_COMPLETE):
                told = (parsed(line) or {}).get("complete", {})
                return Completeness(told["epoch"], told["seq"]), frozenset(present)
            if _CHANGE in line and (named := _EVENT_ID.search(line)) is not None:
                present.add(named[1])
    return None, frozenset(present)
