"""Finds events in the audit log: of an account, of a time, with certain attributes.

The attributes are those of CloudTrail's LookupEvents.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupAttribute.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from carnet.audit.event_lines import Event, decisions
from carnet.audit.json_line import line_of
from carnet.audit.reading import parsed
from carnet.base.arns import parse_arn
from carnet.base.timestamps import iso_seconds

if TYPE_CHECKING:
    from carnet.audit.logs import Log

PAGE_BYTES = 16 * 1024 * 1024
"""How much of the log is read for one page: a page may be shorter than asked for, or empty, and others follow."""
_LATE = timedelta(minutes=5)
"""How much earlier than the event before it an event may have come: a change that waited is audited when it is made."""

Resource = tuple[str, str]
"""Type and name, as CloudTrail tells of them: `AWS::IAM::User`, `alice`."""


def resources(event: Event) -> list[Resource]:
    """What the call was about, by ARN and by name."""
    found: dict[Resource, None] = {}
    for decision in decisions(event):
        arn = parse_arn(decision["resource"])
        if arn is None or "/" not in arn.resource:
            continue
        kind, name = arn.resource.split("/", 1)
        shown = "".join(word.capitalize() for word in kind.split("-"))
        for named in (decision["resource"], name.rpartition("/")[2]):
            found[f"AWS::{arn.service.upper()}::{shown}", named] = None
    return list(found)


def username(event: Event) -> str | None:
    """The user's name, the session's name, or `root`."""
    identity = event["userIdentity"] or {}
    if identity.get("type") == "Root":
        return "root"
    name: str | None = identity.get("userName")
    return name or (identity["arn"].rpartition("/")[2] if "arn" in identity else None)


def access_key(event: Event) -> str | None:
    found: str | None = (event["userIdentity"] or {}).get("accessKeyId")
    return found


_ATTRIBUTES: Mapping[str, Callable[[Event, str], bool]] = {
    "AccessKeyId": lambda event, value: access_key(event) == value,
    "EventId": lambda event, value: event["eventID"] == value,
    "EventName": lambda event, value: event["eventName"] == value,
    "EventSource": lambda event, value: event["eventSource"] == value,
    "ReadOnly": lambda event, value: value == ("true" if event["readOnly"] else "false"),
    "ResourceName": lambda event, value: any(name == value for _, name in resources(event)),
    "ResourceType": lambda event, value: any(kind == value for kind, _ in resources(event)),
    "Username": lambda event, value: username(event) == value,
}
ATTRIBUTES = tuple(_ATTRIBUTES)
_NOT_WRITTEN = ("ReadOnly", "ResourceType", "Username")
"""Attributes whose values need not stand in the event as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which events are wanted; what is None or empty does not matter."""

    account: str | None = None
    region: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Names of ATTRIBUTES to values."""
    since: datetime | None = None
    until: datetime | None = None
    failed: bool = False
    """Only events with an error."""
    caller_type: str | None = None
    """The type of the identity of whoever called."""

    def needles(self) -> tuple[bytes, ...]:
        """What the line of each such event has in it, which is found faster than the line is read."""
        found = [_json_text(value) for name, value in self.attributes.items() if name not in _NOT_WRITTEN]
        if self.account is not None:
            found.append(b'"recipientAccountId":"%s"' % _json_text(self.account))
        if self.failed:
            found.append(b'"errorCode":')
        if self.caller_type is not None:
            found.append(b'"type":"%s"' % _json_text(self.caller_type))
        return tuple(found)

    def matches(self, event: Event) -> bool:
        return (
            (self.account is None or event["recipientAccountId"] == self.account)
            and (self.region is None or event["awsRegion"] == self.region)
            and (self.since is None or event["eventTime"] >= iso_seconds(self.since))
            and (self.until is None or event["eventTime"] <= iso_seconds(self.until))
            and (not self.failed or "errorCode" in event)
            and (self.caller_type is None or (event["userIdentity"] or {}).get("type") == self.caller_type)
            and all(_ATTRIBUTES[name](event, value) for name, value in self.attributes.items())
        )

    def is_over(self, event: Event) -> bool:
        """Whether all events that came before this one are too old, which one that was filled in late does not tell."""
        if self.since is None or "addendum" in event:
            return False
        return bool(event["eventTime"] < iso_seconds(self.since - _LATE))


def _json_text(value: str) -> bytes:
    """The value as it stands in a line, without the quotation marks."""
    return line_of({"": value})[5:-3]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Some events, the newest first; `next` asks for those before them, and is None if there are none."""

    events: tuple[Event, ...]
    next: str | None


class Read(NamedTuple):
    """How far a source is read, backwards."""

    place: str
    line: bytes
    """The event before that place; empty if there is none of those that are asked for."""
    size: int
    """What it has cost, as bytes."""
    time: str | None = None
    """No event of the source before that place is later, if that is known."""


class _Stream:
    """The wanted events of one source, the newest first, of which the next is looked at before it is taken."""

    def __init__(self, read: Iterator[tuple[Read, Event | None]], start: str | None) -> None:
        """`read` gives what is read, and the wanted event in it, if there is one."""
        self._read = read
        self._place = start
        self.start = start
        """The place before which the next event is."""
        self.ahead: Event | None = None
        self.is_over = False
        self._bytes = 0
        self._time: str | None = None

    def look(self, most_bytes: int) -> None:
        """Find the next event, or the end, unless more than that would have to be read."""
        while self.ahead is None and not self.is_over and self._bytes < most_bytes:
            found = next(self._read, None)
            if found is None:
                self.is_over = True
                break
            read, self.ahead = found
            self._place = read.place
            self._bytes += read.size
            self._time = read.time or self._time
            if self.ahead is None:
                self.start = self._place

    def has_none_after(self, time: str) -> bool:
        """Whether what is not yet found of it is no later than that."""
        return self.ahead is not None or self.is_over or (self._time is not None and self._time <= time)

    def take(self) -> Event:
        assert self.ahead is not None
        event, self.ahead, self.start = self.ahead, None, self._place
        return event


class Elsewhere(Protocol):
    """Where other events are than in this node's log: `elsewhere.ElsewhereRecorded`."""

    def read(self, account: str | None, start: str | None) -> Iterator[Read]: ...


_BEFORE_ALL, _OVER, _BETWEEN = "*", "-", "|"
"""In the place of a page of several sources: one that is not begun, one that has ended, and what parts them."""


@dataclass(frozen=True, slots=True)
class EventHistory:
    """The events of an audit log, and of other nodes if there is `elsewhere`."""

    log: Log
    elsewhere: Elsewhere | None = None

    def page(self, query: Query, count: int, start: str | None = None, *, most_bytes: int = PAGE_BYTES) -> EventPage:
        """At most `count` events, of at most about `most_bytes` of each source.

        Raises LookupError if `start` is no `next` of another page, or has grown too old. INVARIANT: `start` chooses no
        more than where to begin: the query alone says whose events are found.
        """
        streams = self._streams(query, start)
        found: list[Event] = []
        while len(found) < count:
            for stream in streams:
                stream.look(most_bytes)
            if all(stream.is_over for stream in streams):
                return EventPage(events=tuple(found), next=None)
            newest = max((one for one in streams if one.ahead is not None), key=_time_ahead, default=None)
            if newest is None or not all(one.has_none_after(_time_ahead(newest)) for one in streams):
                break
            found.append(newest.take())
        return EventPage(events=tuple(found), next=_join_places(streams))

    def _streams(self, query: Query, start: str | None) -> list[_Stream]:
        if self.elsewhere is None:
            return [_Stream(self._of_this_node(query, start), start)]
        own, _, other = start.partition(_BETWEEN) if start is not None else (_BEFORE_ALL, "", _BEFORE_ALL)
        return [
            _stream_from(partial(self._of_this_node, query), own),
            _stream_from(partial(self._of_other_nodes, query), other),
        ]

    def _of_this_node(self, query: Query, start: str | None) -> Iterator[tuple[Read, Event | None]]:
        return _matching_events(query, (Read(place, line, len(line) + 1) for place, line in self.log.read(start)))

    def _of_other_nodes(self, query: Query, start: str | None) -> Iterator[tuple[Read, Event | None]]:
        assert self.elsewhere is not None
        return _matching_events(query, self.elsewhere.read(query.account, start))

    def all(self, query: Query) -> Iterator[Event]:
        """Every such event, the newest first, however long it takes."""
        start: str | None = None
        while True:
            page = self.page(query, 1_000, start)
            yield from page.events
            if page.next is None:
                return
            start = page.next


def _matching_events(query: Query, source: Iterator[Read]) -> Iterator[tuple[Read, Event | None]]:
    needles = query.needles()
    for read in source:
        line = read.line
        event = parsed(line) if line and all(needle in line for needle in needles) else None
        if event is None or "eventID" not in event:
            yield read, None
        elif query.is_over(event):
            return
        else:
            yield read, event if query.matches(event) else None


def _stream_from(read: Callable[[str | None], Iterator[tuple[Read, Event | None]]], told: str) -> _Stream:
    """What is left of a source, of which a place tells."""
    if told == _OVER:
        return _Stream(iter(()), _OVER)
    start = None if told == _BEFORE_ALL else told
    return _Stream(read(start), start)


def _join_places(streams: list[_Stream]) -> str | None:
    if len(streams) == 1:
        return streams[0].start
    places = [_OVER if one.is_over else one.start if one.start is not None else _BEFORE_ALL for one in streams]
    return _BETWEEN.join(places)


def _time_ahead(stream: _Stream) -> str:
    assert stream.ahead is not None
    time: str = stream.ahead["eventTime"]
    return time
