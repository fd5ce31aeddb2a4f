"""How a client and the audit log learn an upstream's mode."""

from __future__ import annotations

from msgspec import structs

from carnet.audit.events import Event
from carnet.base.http import HttpResponse
from carnet.gateway.upstreams.configured import Mode
from carnet.server.outbox import Answer

MODE = "x-carnet-mode"
"""On every answer of the gateway, its own and those of upstreams."""
_HEADERS = {mode: (MODE, mode.value) for mode in Mode}


def naming(answer: Answer, mode: Mode) -> Answer:
    """The answer, and the one sent if it cannot be audited, with the mode in a header."""
    header = _HEADERS[mode]
    unaudited = answer.unaudited

    def not_audited(why: str) -> HttpResponse:
        assert unaudited is not None, "else nobody asks"
        response = unaudited(why)
        return structs.replace(response, headers=(*response.headers, header))

    return structs.replace(
        answer,
        response=structs.replace(answer.response, headers=(*answer.response.headers, header)),
        unaudited=None if unaudited is None else not_audited,
    )


def tell_mode(event: Event, mode: Mode) -> Event:
    """The event, marked if its decision was not enforced: `decisions` then has the outcome."""
    if mode is Mode.RECORD:
        event["additionalEventData"]["gatewayMode"] = mode.value
    return event
