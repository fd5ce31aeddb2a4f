"""Answers that are sent once their event is in the audit log."""

from __future__ import annotations

from collections.abc import Callable

from carnet.access.authorize import Decided
from carnet.audit.decisions import DecidedCall
from carnet.audit.events import Event
from carnet.audit.json_line import line_of
from carnet.audit.steps import Arrived
from carnet.base.http import HttpResponse, StreamedResponse
from carnet.server.outbox import Answer


def recorded_first(
    arrived: Arrived,
    account: str,
    response: HttpResponse | StreamedResponse,
    event: Event,
    decided: tuple[Decided, ...],
    unaudited: Callable[[str], HttpResponse],
    pause: float = 0.0,
) -> Answer:
    """The answer, to be sent once its event is written; if the event cannot be written, `unaudited` is sent. `account`
    is the caller's."""
    return Answer(
        response=response,
        event=line_of(event),
        decided=DecidedCall(decision_id=arrived.request_id, time=arrived.time, decided=decided) if decided else None,
        unaudited=unaudited,
        account=account,
        pause=pause,
    )
