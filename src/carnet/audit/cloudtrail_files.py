"""Events in files as CloudTrail delivers them to a bucket.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html#cloudtrail-log-filename-format
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import orjson

from carnet.audit.event_lines import Event

_MOST_EVENTS = 10_000
_UNKNOWN_REGION = "us-east-1"
"""Where events of global services are, and those whose caller named no Region."""

_Shelf = tuple[str, str, str]
"""Account, Region and day (`2026-01-02`)."""


@dataclass(slots=True)
class Written:
    """What was written."""

    files: int = 0
    events: int = 0
    without_account: int = 0
    """Events that are in no file, since CloudTrail has no place for them."""


def record_of(event: Event) -> Event:
    """The event as CloudTrail has it: without the decisions, which may tell of another account's policies."""
    more = {name: value for name, value in (event.get("additionalEventData") or {}).items() if name != "decisions"}
    return {**event, "additionalEventData": more or None}


def write_files(directory: Path, events: Iterable[Event]) -> Written:
    """Write events, which come in the order of their time backwards, below `directory`. Raises OSError."""
    told, held = Written(), dict[_Shelf, list[Event]]()
    for event in events:
        account = event["recipientAccountId"]
        if account is None:
            told.without_account += 1
            continue
        shelf = (account, event["awsRegion"] or _UNKNOWN_REGION, event["eventTime"][:10])
        kept = held.setdefault(shelf, [])
        kept.append(record_of(event))
        if len(kept) == _MOST_EVENTS:
            _write(directory, shelf, held.pop(shelf), told)
    for shelf, kept in held.items():
        _write(directory, shelf, kept, told)
    return told


def _write(directory: Path, shelf: _Shelf, events: list[Event], told: Written) -> None:
    account, region, day = shelf
    content = orjson.dumps({"Records": events[::-1]})
    end = events[0]["eventTime"][:16].replace("-", "").replace(":", "")
    # The name is that of the content, so that the same events are not there twice after a second export.
    name = f"{account}_CloudTrail_{region}_{end}Z_{hashlib.sha256(content).hexdigest()[:16]}.json.gz"
    path = directory.joinpath("AWSLogs", account, "CloudTrail", region, *day.split("-"), name)
    told.files += 1
    told.events += len(events)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".tmp")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(gzip.compress(content, mtime=0))
    unfinished.replace(path)
