"""Explanations of decisions, as `carnet explain` gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from carnet.audit.explanations import explanation
from carnet.base.faults import Missing
from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, OwnCall, Told, Turn

MOST_BYTES = 64 * 1024 * 1024
"""How much of the log one call reads. The log may have gigabytes, and a caller may ask for what is not in it."""


def explain_decision(call: OwnCall) -> Told:
    """The explanation of a call in JSON values, and for people as `text`.

    That of another account's call is as absent for a signed caller as one that never was.
    """
    decision = call.path["id"]
    found = explanation(_newest(call.parts.decisions()), decision)
    if found is None or call.account not in (None, found.account):
        raise Missing(f"The newest decisions do not hold {decision}; carnet explain looks at all that are kept.")
    return {**found.as_dict(), "text": found.render()}


def _newest(logs: Iterable[Iterable[bytes]]) -> Iterator[Iterator[bytes]]:
    """The logs, the newest first and backwards, up to MOST_BYTES of them."""
    left = MOST_BYTES

    def lines(log: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal left
        for line in log:
            left -= len(line)
            if left < 0:
                return
            yield line

    for log in logs:
        if left < 0:
            return
        yield lines(log)


ENDPOINTS = (
    Endpoint(
        name="ExplainDecision",
        method="GET",
        path="decisions/{id}",
        scope=OperatorScope.DECISIONS_READ,
        resource="decision/{id}",
        body=explain_decision,
        turn=Turn.IN_THREAD,
    ),
)
