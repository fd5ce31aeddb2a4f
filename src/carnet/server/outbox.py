"""Answers that wait for the audit log and the log of decisions.

An outbox is the list of the answers that are sent once their events are written.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from msgspec import Struct

from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.memory_lines import Lines
from carnet.base.faults import Unavailable
from carnet.base.http import HttpResponse, StreamedResponse
from carnet.server.call_lines import CallLines

_LOG = logging.getLogger(__name__)
_MOST_BYTES = 64 * 1024
"""The size of the answers that may be held: no client is slowed down while they are held."""

Send = Callable[[str | None], None]
"""Sends an answer. Its argument is why the event could not be written, or None."""


class Answer(Struct, frozen=True, kw_only=True):
    """A response, to be sent once its audit event is written: of a streamed one, before its first byte."""

    response: HttpResponse | StreamedResponse
    event: bytes = b""
    """The line of the audit log; empty if the request is not audited, and for a change, whose event is in the log
    already."""
    decided: DecidedCall | None = None
    """What the policies decided; None if nothing was decided."""
    unaudited: Callable[[str], HttpResponse] | None = None
    """(the reason) to the response that is sent if the event cannot be written."""
    account: str = ""
    """The account of the caller; empty if no caller of an account is proven."""
    pause: float = 0.0
    """For how many seconds the connection is not read, because its callers call too often."""

    def sent(self, why_unaudited: str | None) -> HttpResponse | StreamedResponse:
        """The response to send if the event is written (None), and if it could not be.

        A request that cannot be audited is not answered, so that operators notice a full disk before attackers make use
        of it.
        """
        if why_unaudited is None or self.unaudited is None:
            return self.response
        return self.unaudited(why_unaudited)


class Outbox:
    """Holds the answers of one turn of the event loop, writes all their events in one append and their decisions in
    another, and sends them.

    A turn under load brings many requests, and an append costs more than deciding one of them. If the disk takes a
    part of an append, all its answers are refused, though some of their events may stand in the log.
    INVARIANT: no answer leaves before its event and decisions are in the logs, and each leaves after those that came
    before it.
    """

    def __init__(self, audit: Lines, decisions: DecisionLog | None = None, calls: CallLines | None = None) -> None:
        """`calls` shows the calls to a person who watches; None if nobody does."""
        self._audit = audit
        self._calls = calls
        self._decisions = decisions
        self._held: list[tuple[Answer, Send]] = []
        self._bytes = 0

    def put(self, answer: Answer, send: Send) -> None:
        """Take an answer; `send` is called before the loop waits for sockets again."""
        if not self._held:
            asyncio.get_running_loop().call_soon(self.flush)
        self._held.append((answer, send))
        if isinstance(answer.response, StreamedResponse):
            self.flush()  # INVARIANT: its sender begins before another answer can be put behind its head.
            return
        self._bytes += len(answer.response.body)
        if self._bytes > _MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the events of all answers that are held, and send the answers."""
        held, self._held, self._bytes = self._held, [], 0
        problem = self._write([answer for answer, _ in held])
        for _, send in held:
            try:
                send(problem)
            except Exception:
                _LOG.exception("an answer was not sent")  # the others are sent nevertheless

    def _write(self, answers: list[Answer]) -> str | None:
        """Why their events and decisions could not be written; None if they are."""
        events = b"".join([answer.event for answer in answers])
        decided = [answer.decided for answer in answers if answer.decided is not None]
        try:
            if events:
                self._audit.follow()
                self._audit.write(events)
                if self._calls is not None:
                    self._calls.put(events)
            if decided and self._decisions is not None:
                self._decisions.write(decided)
        except Unavailable as problem:
            return problem.message
        return None
