"""The answers of one connection, from the outbox to the client."""

from __future__ import annotations

from asyncio import Transport
from collections.abc import Callable, Iterable
from functools import partial

from carnet.base.http import HttpResponse, RequestHead, StreamedResponse
from carnet.server.http.body_stream import BodyStream
from carnet.server.http.ending import Ending
from carnet.server.http.sending import head, whole
from carnet.server.http.streaming import Framing, Room, send_streamed
from carnet.server.http.turns import Turns
from carnet.server.outbox import Answer, Outbox


class Replies:
    """Sends each answer once the outbox lets it go, and ends the connection behind its last one."""

    def __init__(
        self,
        transport: Transport,
        outbox: Outbox,
        turns: Turns,
        room: Room,
        ending: Ending,
        *,
        default_headers: Callable[[], Iterable[tuple[bytes, bytes]]],
        sent: Callable[[], None],
        failed: Callable[[], None],
    ) -> None:
        """`sent` is called when an answer is sent or begins to be, `failed` while an exception is handled that left
        none."""
        self._transport = transport
        self._outbox = outbox
        self._turns = turns
        self._room = room
        self._ending = ending
        self._default_headers = default_headers
        self._sent = sent
        self._failed = failed
        self.unsent = 0
        """Answers that are in the outbox."""

    def put(self, request: RequestHead, body: BodyStream | None, answer: Answer) -> None:
        """Hand an answer to the outbox, even if nobody can receive it: its event is to be written.

        `body` is that of the request, if it is read while it arrives.
        """
        if self._ending.writes:
            self.unsent += 1
        self._outbox.put(answer, partial(self._send, request, body, answer))

    def _send(self, request: RequestHead, body: BodyStream | None, answer: Answer, unaudited: str | None) -> None:
        if not self._ending.writes or self._transport.is_closing():
            self._drop(answer)
            return
        self.unsent -= 1
        try:
            response = answer.sent(unaudited)
            if isinstance(response, StreamedResponse):
                self._send_streamed(request, body, response)
            else:
                self._send_whole(request, body, response)
        except Exception:
            self._failed()
            self._drop(answer)
            return
        if response is not answer.response:
            self._drop(answer)

    def _drop(self, answer: Answer) -> None:
        """Close the body of an answer that is not sent."""
        if isinstance(answer.response, StreamedResponse):
            self._turns.begin(answer.response.body.aclose())

    def _send_whole(self, request: RequestHead, body: BodyStream | None, response: HttpResponse) -> None:
        if body is not None and not body.ended:
            self._ending.reads = False
        last = self._ending.is_due
        self._transport.write(whole(request, response, self._default_headers(), last=last))
        self._sent()
        if last:
            self._end_exchange(body)

    def _send_streamed(self, request: RequestHead, body: BodyStream | None, response: StreamedResponse) -> None:
        framing = Framing(request, response)
        self._ending.reads = self._ending.reads and not framing.by_end
        beginning = head(response, self._default_headers(), framing=framing.line, last=self._ending.is_due)
        if body is not None:
            body.expected = False  # What is sent from now on is the answer.
        self._transport.write(beginning)
        if framing.has_body:
            self._turns.hold(self._send_body(body, response, framing), ends_with_client=True).add_done_callback(
                # Cancelled before its first step, it has closed nothing.
                lambda task: task.cancelled() and self._turns.begin(response.body.aclose())
            )
        else:
            self._turns.begin(response.body.aclose())
            self._sent()
            self._end_exchange(body)

    async def _send_body(self, body: BodyStream | None, response: StreamedResponse, framing: Framing) -> None:
        if await send_streamed(response, framing, self._transport, self._room):
            self._turns.let_go()
            self._sent()
            self._end_exchange(body)
            self._turns.go_on()

    def _end_exchange(self, body: BodyStream | None) -> None:
        """An answer is sent: end, if the connection is to end with it."""
        if body is not None:
            body.close()
            if not body.ended:
                self._ending.hang_up()
                return
        self._ending.close_if_due()
