"""Whether a store is the one that this node has served, with all that was acknowledged, and what it lacks if not."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from itertools import islice

from carnet.assembly.last_seen import LastSeen
from carnet.audit.logs import Log
from carnet.audit.missing import as_sentence, missing_changes
from carnet.base.clock import TRIAL_SECONDS, Clock
from carnet.directory.directory import Directory
from carnet.store.head import UNKNOWN_MOMENT, Standing
from carnet.store.store import Store

_LOG = logging.getLogger(__name__)
ACCEPTED, RESTORED = "AcceptStore", "RestoreBackup"
_BEGINNINGS = (ACCEPTED, RESTORED)
"""The events of operators who begin a new epoch: what was lost is older than they are."""
REMEMBER_SECONDS = 30.0
LEAP = timedelta(hours=1)
"""How far a clock may be ahead of what is trusted before nothing is removed by it."""
_BEHIND = timedelta(seconds=1)
_COMPARED = 10_000
"""The events of how many of the newest revisions are compared with the audit log."""
_MOST_TOLD = 20


class StoreWentBack(Exception):
    """The store is not, or not any more, the one that this node has last seen, and nobody has restored it."""


def check_past(store: Store, seen: Standing | None) -> None:
    """Raise StoreWentBack if the store has lost what this node has seen, or is another installation's."""
    if seen is None:
        return
    now = store.standing()
    if now.installation != seen.installation:
        raise StoreWentBack(f"{store.shown_url} is the store of another installation than the one that was served here")
    if now.revision.epoch == seen.revision.epoch and not store.has_been_at(seen.revision):
        raise StoreWentBack(_sentence(store, seen, now))


def was_restored(store: Store, seen: Standing | None) -> bool:
    """Whether the store has begun a new epoch since this node last saw it."""
    return seen is not None and store.standing().revision.epoch != seen.revision.epoch


def lost_changes(store: Store, log: Log) -> tuple[str, ...]:
    """What the audit log of this node tells of changes after those that the store knows, the oldest first."""
    newest = store.standing().revision.seq
    events = [event for _, event in store.audit_events(max(0, newest - _COMPARED))]
    recorded = {event["eventID"] for event in events if "eventID" in event}
    moments = [
        event["eventTime"] for event in events if "eventTime" in event and event.get("eventName") not in _BEGINNINGS
    ]
    since = datetime.fromisoformat(moments[-1]) if moments else None
    changes = (event for event in missing_changes(log, recorded, since) if event["eventName"] not in _BEGINNINGS)
    found = list(islice(map(as_sentence, changes), _MOST_TOLD + 1))
    further = ("and earlier ones",) if len(found) > _MOST_TOLD else ()
    return (*further, *found[:_MOST_TOLD][::-1])


def ahead_of_trusted(store: Store, clock: Clock) -> timedelta:
    """How far the clock is ahead of the latest moment that is trusted; nothing if none is."""
    trusted = store.trusted()
    return timedelta() if trusted is None else clock() - trusted


class Remembering:
    """Keeps where this process has seen the store, and tells if the clock of the machine was set back, or far ahead."""

    def __init__(self, seen: LastSeen, store: Store, directory: Directory, clock: Clock, wall: Clock) -> None:
        self._seen = seen
        self._store = store
        self._directory = directory
        self._clock = clock
        self._wall = wall
        self._is_behind = False
        self._is_ahead: bool | None = None
        """None until the time was trusted: whoever begins late finds itself ahead of what was seen."""

    def remember(self) -> None:
        """Raises OSError if the file cannot be written."""
        at = self._store.trusted() or UNKNOWN_MOMENT
        self._seen.remember(Standing(self._store.installation, self._directory.snapshot.revision, at))
        self._tell_of_leap()
        behind = self._clock() - self._wall()
        if (behind > _BEHIND) != self._is_behind:
            self._is_behind = behind > _BEHIND
            if self._is_behind:
                _LOG.error(
                    "the clock of this machine is %s behind what was seen: time goes on from there. Set the clock; if "
                    "it is right now, stop the servers, run carnet restore --as-found, and start them again",
                    behind,
                )
            else:
                _LOG.warning("the clock of this machine is where it was again")

    def _tell_of_leap(self) -> None:
        ahead = ahead_of_trusted(self._store, self._clock)
        if ahead < LEAP:
            self._is_ahead = False
        elif self._is_ahead is False:
            self._is_ahead = True
            _LOG.error(
                "the clock of this machine has gone ahead by %s: if it stays there for %d minutes it is believed, and "
                "what is too old by it is removed. Set the clock if it is wrong",
                ahead,
                TRIAL_SECONDS // 60,
            )


def _sentence(store: Store, seen: Standing, now: Standing) -> str:
    first, last = now.revision.seq + 1, seen.revision.seq
    how = f"revisions {first} to {last} are missing" if first <= last else "its past is another"
    return f"{store.shown_url} is an earlier state of the store, which nobody restored with carnet restore: {how}"
