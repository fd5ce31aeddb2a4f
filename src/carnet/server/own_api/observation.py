"""What has happened, and why: events, decisions and their explanations.

A signed caller is told of its own account's calls, and nothing of the policies of others: neither those of another
account's resources nor those that an organization puts over its account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType, structs

from carnet.audit.cloudtrail_files import record_of
from carnet.audit.explanations import DENIED, Explanation, explanation, explanations
from carnet.audit.history import ATTRIBUTES, PAGE_BYTES, Query
from carnet.base.faults import Invalid, Missing
from carnet.entities.operator_token import OperatorScope
from carnet.identity.caller import OperatorCaller
from carnet.policy.decide import OF_RESOURCE
from carnet.policy.decision import Layer
from carnet.policy.own_side import own_side
from carnet.policy.trace import Trace
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, Told, Turn

_OPERATOR_BYTES = 256 * 1024 * 1024
"""How much of the log of decisions is read for an operator. For others it is PAGE_BYTES: reading takes processor time
from all who call."""
_LARGEST_PAGE = 1000
_MOST_DENIALS = 100
_ORGANIZATION = frozenset((Layer.SCP, Layer.RCP))


class Events(Input, frozen=True, kw_only=True):
    """Which events to list, the newest first."""

    account: str | None = None
    limit: Annotated[int, Meta(ge=1, le=_LARGEST_PAGE)] = 50
    after: str | None = None
    """The `next` of the page before."""
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None
    failed: bool = False
    access_key_id: str | UnsetType = UNSET
    event_id: str | UnsetType = UNSET
    event_name: str | UnsetType = UNSET
    event_source: str | UnsetType = UNSET
    read_only: str | UnsetType = UNSET
    resource_name: str | UnsetType = UNSET
    resource_type: str | UnsetType = UNSET
    username: str | UnsetType = UNSET


class Denials(Input, frozen=True, kw_only=True):
    """Which denials to explain, the newest first."""

    account: str | None = None
    limit: Annotated[int, Meta(ge=1, le=_MOST_DENIALS)] = 1
    since: Annotated[datetime, Meta(tz=True)] | None = None


def list_events(call: OwnCall) -> Told:
    """A page of the audit log; a page may be empty, and `next` ask for the one behind it."""
    asked: Events = call.query
    query = Query(
        account=call.account,
        attributes=_attributes(asked),
        since=asked.since,
        until=asked.until,
        failed=asked.failed,
    )
    try:
        page = call.parts.history.page(query, asked.limit, asked.after)
    except LookupError:
        raise Invalid("There is no such page.") from None
    shown = page.events if _is_operator(call) else tuple(map(record_of, page.events))
    return {"events": shown} | ({"next": page.next} if page.next is not None else {})


def _attributes(asked: Events) -> dict[str, str]:
    given = {name.replace("_", ""): value for name, value in structs.asdict(asked).items()}
    return {name: given[name.lower()] for name in ATTRIBUTES if given[name.lower()] is not UNSET}


def list_denials(call: OwnCall) -> Told:
    """The last calls that policies denied, with their explanations."""
    asked: Denials = call.query

    def matches(line: Mapping[str, Any]) -> bool:
        return line.get("allowed") is False and call.account in (None, line["account"])

    denials = explanations(_lines(call), matches, DENIED, count=asked.limit, since=asked.since)
    found = [_visible(call, one) for one in denials]
    return {"decisions": [one.as_dict() for one in found], "texts": [one.render() for one in found]}


def explain_decision(call: OwnCall) -> Told:
    """Why a call was answered as it was, by its request id."""
    found = explanation(_lines(call), call.path["id"])
    if found is None or (not _is_operator(call) and found.account != call.account):
        raise Missing(f"There is no decision {call.path['id']} in what is looked through of the log.")
    visible = _visible(call, found)
    return {"decision": visible.as_dict(), "text": visible.render()}


def get_status(call: OwnCall) -> Told:
    """The revision that this process decides by, and how many accounts there are, for whom may know."""
    told: dict[str, Any] = {"status": "ok", "revision": call.snapshot.seq}
    return told | ({"accounts": len(call.snapshot.accounts)} if _is_operator(call) else {"account": call.account})


def _is_operator(call: OwnCall) -> bool:
    return isinstance(call.caller, OperatorCaller)


def _lines(call: OwnCall) -> Iterator[Iterator[bytes]]:
    """What may be read of the log of decisions, backwards."""
    left = _OPERATOR_BYTES if _is_operator(call) else PAGE_BYTES

    def bounded(lines: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal left
        for line in lines:
            left -= len(line)
            if left < 0:
                return
            yield line

    return (bounded(part) for part in call.parts.decisions.parts() if left > 0)


def _visible(call: OwnCall, found: Explanation) -> Explanation:
    """What the caller may see of it."""
    if _is_operator(call) or not found.traces:
        return found
    foreign = any(_is_foreign(call, trace) for trace in found.traces)
    hidden = _ORGANIZATION | frozenset(OF_RESOURCE) if foreign else _ORGANIZATION
    # What would allow it tells what the hidden policies do not say.
    tells = foreign or any(layer.layer in hidden for layer in found.traces[-1].layers)
    traces = tuple(own_side(trace) if _is_foreign(call, trace) else trace for trace in found.traces)
    changed = zip(found.traces, traces, found.verdicts, strict=True)
    return structs.replace(
        found,
        traces=tuple(trace.hiding(hidden) for trace in traces),
        remedy=None if tells else found.remedy,
        verdicts=tuple(verdict if told is trace else told.decision.verdict.value for trace, told, verdict in changed),
    )


def _is_foreign(call: OwnCall, trace: Trace) -> bool:
    return trace.request.resource_account not in ("", call.account)


ENDPOINTS = (
    Endpoint(
        name="ListEvents",
        method="GET",
        path="events",
        scope=OperatorScope.AUDIT_READ,
        resource="events",
        body=list_events,
        turn=Turn.IN_THREAD,
        query=Events,
    ),
    Endpoint(
        name="ListDenials",
        method="GET",
        path="denials",
        scope=OperatorScope.DECISIONS_READ,
        resource="decisions",
        body=list_denials,
        turn=Turn.IN_THREAD,
        query=Denials,
    ),
    Endpoint(
        name="ExplainDecision",
        method="GET",
        path="decisions/{id}",
        scope=OperatorScope.DECISIONS_READ,
        resource="decision/{id}",
        body=explain_decision,
        turn=Turn.IN_THREAD,
    ),
    Endpoint(
        name="GetStatus",
        method="GET",
        path="status",
        scope=OperatorScope.STATUS_READ,
        resource="status",
        body=get_status,
    ),
)
