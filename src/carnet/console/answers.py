"""Answers of the console with their audit events, and refusals that several of its pages share."""

from __future__ import annotations

from carnet.audit.events import Event
from carnet.audit.json_line import line_of
from carnet.audit.steps import Arrived
from carnet.base.http import HttpResponse
from carnet.server.outbox import Answer
from carnet.server.own_api.problems import Problem, told

LONGEST_BODY = 65_536
TOO_LONG = Problem(413, "InvalidRequest", "The body is too long.")
CROSS_SITE = Problem(403, "CrossSiteRequest", "This is answered to the console's own pages alone.")


def audited(arrived: Arrived, response: HttpResponse, event: Event | None, account: str) -> Answer:
    """The answer, which is given if its event could be written; without an event, in any case."""
    if event is None:
        return Answer(response=response, account=account)

    def unaudited(why: str) -> HttpResponse:
        return told(Problem(503, "ServiceUnavailable", why), arrived.request_id)

    return Answer(response=response, event=line_of(event), unaudited=unaudited, account=account)
