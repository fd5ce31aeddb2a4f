"""uvicorn's HTTP/1.1 protocol within limits on the header block and on how long a client may take to send it.

uvicorn reads any number of headers of any size and waits for them for ever.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_HEADERS = 100
MAX_HEADER_BLOCK_BYTES = 64 * 1024
"""All names and values together; a session token may take 8 KB of it."""
MAX_TARGET_BYTES = 64 * 1024
"""Path and query; a presigned request carries its parameters there."""
HEADER_SECONDS = 10.0


class LimitedHttpProtocol(HttpToolsProtocol):
    """Closes connections that exceed the limits; the application never hears of them."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._header_bytes = 0
        self._refused = False
        self._header_timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._header_bytes = 0
        if self._header_timer is None:
            self._await_headers()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._refuse("The request target is too long.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if len(self.headers) >= MAX_HEADERS or self._header_bytes > MAX_HEADER_BLOCK_BYTES:
            self._refuse("The request has too many headers or too long ones.")
        else:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._headers_arrived()
        if not self._refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refused:
            super().on_message_complete()

    def _await_headers(self) -> None:
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._refuse, "The headers did not arrive in time.")

    def _headers_arrived(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _refuse(self, why: str) -> None:
        if not self._refused:
            self._refused = True
            self._headers_arrived()
            self.send_400_response(why)
