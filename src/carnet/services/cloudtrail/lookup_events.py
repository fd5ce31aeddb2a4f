"""LookupEvents.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any

import orjson

from carnet.audit.cloudtrail_files import record_of
from carnet.audit.event_lines import Event
from carnet.audit.history import EventPage, Query, access_key, resources, username
from carnet.base.faults import Refused
from carnet.services.cloudtrail.service import cloudtrail
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.preparing import Pool, Preparation

_KEPT = timedelta(days=90)
_MOST = 50
_INTERVAL = timedelta(seconds=0.5)
_SEAL_LENGTH = 16
_MANY_ACCOUNTS = 10_000


class Pace:
    """Two requests a second for each account, as on AWS: reading the log costs more than asking for it."""

    def __init__(self) -> None:
        self._next: dict[str, datetime] = {}
        self._lock = Lock()

    def keep(self, account: str, now: datetime) -> None:
        """Raises Refused if the account has asked too often. A second's requests may come at once."""
        with self._lock:
            due = max(self._next.get(account, now), now)
            if due - now > _INTERVAL:
                raise Refused("ThrottlingException", "Rate exceeded")
            if len(self._next) >= _MANY_ACCOUNTS:
                self._next = {one: moment for one, moment in self._next.items() if moment > now}
            self._next[account] = due + _INTERVAL


_PACE = Pace()
_POOL = Pool(name="carnet-history", size=1, waiting=32, seconds=10.0)


def _look_up(call: Call, given: Mapping[str, Any]) -> EventPage:
    """The page that is asked for; raises Refused for what cannot be looked up."""
    _PACE.keep(call.account, call.now)
    if "EventCategory" in given:
        return EventPage(events=(), next=None)  # there are no insight events
    query = _query(call, given)
    start = _start(query, given["NextToken"]) if "NextToken" in given else None
    try:
        return call.parts.history.page(query, given.get("MaxResults", _MOST), start)
    except LookupError:
        raise _bad_token() from None


@cloudtrail.read("LookupEvents", on=account_wide, prepare=Preparation(pool=_POOL, work=_look_up))
def lookup_events(call: Call, given: Mapping[str, Any]) -> Answer:
    """Tell of the account's own calls, the newest first. A page may be empty, and another follow."""
    page: EventPage = call.prepared
    answer: dict[str, object] = {"Events": [_shape(event) for event in page.events]}
    if page.next is not None:
        answer["NextToken"] = _token(_query(call, given), page.next)
    return answer


def _query(call: Call, given: Mapping[str, Any]) -> Query:
    attributes = given.get("LookupAttributes", ())
    if len(attributes) > 1:
        raise Refused("InvalidLookupAttributesException", "You can specify only one lookup attribute.")
    start, end = (_as_utc(given.get(name)) for name in ("StartTime", "EndTime"))
    if start is not None and end is not None and start > end:
        raise Refused("InvalidTimeRangeException", "The start time must not be later than the end time.")
    oldest = call.now - _KEPT
    return Query(
        account=call.account,
        region=call.caller.region,
        attributes={one["AttributeKey"]: one["AttributeValue"] for one in attributes},
        since=max(start, oldest) if start is not None else oldest,
        until=end,
    )


def _as_utc(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given


def _shape(event: Event) -> dict[str, object]:
    told: dict[str, object] = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": "true" if event["readOnly"] else "false",
        "EventTime": datetime.fromisoformat(event["eventTime"]),
        "EventSource": event["eventSource"],
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in resources(event)],
        "CloudTrailEvent": orjson.dumps(record_of(event)).decode(),
    }
    if (key := access_key(event)) is not None:
        told["AccessKeyId"] = key
    if (name := username(event)) is not None:
        told["Username"] = name
    return told


def _token(query: Query, place: str) -> str:
    return base64.urlsafe_b64encode(f"{_seal(query)}{place}".encode()).decode("ascii")


def _start(query: Query, token: str) -> str:
    """The place that a token names. It is no secret: a forged one only begins elsewhere in the account's events."""
    try:
        text = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeError):
        raise _bad_token() from None
    if text[:_SEAL_LENGTH] != _seal(query):
        raise _bad_token()
    return text[_SEAL_LENGTH:]


def _seal(query: Query) -> str:
    """Ties a token to the request it is the answer of, which AWS asks to be repeated."""
    asked = [query.account, query.region, dict(query.attributes), query.until]
    return hashlib.sha256(orjson.dumps(asked)).hexdigest()[:_SEAL_LENGTH]


def _bad_token() -> Refused:
    return Refused("InvalidNextTokenException", "The token is not of a former request with the same parameters.")
