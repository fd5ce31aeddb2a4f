"""Answers on their way out, and the audit log that they wait for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from carnet.access.json_lines import JsonLines
from carnet.base.faults import Unavailable
from carnet.protocols.http_response import HttpResponse

Send = Callable[[HttpResponse], None]


class Answer(Struct, frozen=True, kw_only=True):
    """A response, to be sent once its audit event is written."""

    response: HttpResponse
    event: bytes = b""
    """The line of the audit log; empty for what is not audited."""
    unaudited: Callable[[str], HttpResponse] | None = None
    """What is answered instead where the event cannot be written, of the reason."""


class Outbox:
    """Holds the answers of one turn of the event loop, writes the events of all of them in one append, and sends them.

    A turn under load brings many requests, and an append costs more than deciding one of them.
    INVARIANT: no answer leaves before its event is in the log, and each leaves after those that came before it.
    """

    def __init__(self, audit: JsonLines) -> None:
        self._audit = audit
        self._held: list[tuple[Answer, Send]] = []

    def put(self, answer: Answer, send: Send) -> None:
        """Take an answer; `send`, which raises nothing, is called before the loop waits for sockets again."""
        if not self._held:
            asyncio.get_running_loop().call_soon(self.flush)
        self._held.append((answer, send))

    def flush(self) -> None:
        """Send what there is."""
        held, self._held = self._held, []
        problem = self._write(b"".join([answer.event for answer, _ in held]))
        for answer, send in held:
            # What cannot be audited is not answered: an operator sees the disk before an attacker uses it.
            if problem is not None and answer.unaudited is not None:
                send(answer.unaudited(problem))
            else:
                send(answer.response)

    def _write(self, events: bytes) -> str | None:
        """Why they could not be written; None where they are."""
        if events:
            try:
                self._audit.follow()
                self._audit.write(events)
            except Unavailable as problem:
                return problem.message
        return None
