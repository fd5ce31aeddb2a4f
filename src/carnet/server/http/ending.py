"""How a connection ends, so that the client can see its last answer.

https://www.rfc-editor.org/rfc/rfc9112#section-9.6
"""

from __future__ import annotations

from asyncio import Transport
from collections.abc import Callable

from carnet.server.http.patience import Patience


class Ending:
    """Which halves of a connection have ended, and how the rest ends."""

    def __init__(
        self, transport: Transport, patience: Patience, linger_seconds: float, *, is_done: Callable[[], bool]
    ) -> None:
        """`is_done` says whether nobody waits for an answer that can still come."""
        self._transport = transport
        self._patience = patience
        self._linger_seconds = linger_seconds
        self._is_done = is_done
        self.reads = True
        """Whether what comes is read as requests."""
        self.writes = True
        """Whether anything can still be sent."""
        self.server_stops = False
        """Whether what has begun to arrive is answered, and nothing else."""
        self.refuses = False
        """Whether the client may still be sending what is not read."""

    @property
    def is_due(self) -> bool:
        """Whether the connection ends with what is sent now."""
        return (self.server_stops or not self.reads) and self._is_done()

    def close_if_due(self) -> None:
        if not self.is_due:
            return
        if self.refuses:
            self.hang_up()
        else:
            self._transport.close()

    def hang_up(self) -> None:
        """Send no more, and let the client go on sending for a moment: were its bytes refused, it would not see the
        answer.

        Over TLS no half ends alone: there the loop says that the end has come, and passes over what the client still
        sends before it says so, too.
        """
        self.reads = self.writes = False
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()
        self.linger()

    def linger(self) -> None:
        """Wait a moment for the client to end."""
        self._patience.wait(self._linger_seconds)
