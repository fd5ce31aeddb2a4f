"""uvicorn's HTTP/1.1 protocol within limits on the header block and on how long a client may take to send a request.

uvicorn reads any number of headers of any size, and waits for the rest of a request for ever.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_HEADERS = 100
MAX_HEADER_BLOCK_BYTES = 64 * 1024
"""Target, names and values together. A session token may take 8 KB of it, a presigned request most of it."""
MAX_REQUEST_BYTES = 8 * 1024 * 1024
"""All that is read of one request: the longest body in chunks of one byte."""
REQUEST_SECONDS = 20.0
"""How long a client may take to send a request, or after connecting to begin one."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """Closes connections that exceed the limits; the application hears of them only while it waits for a body.

    A request that arrives whole, as nearly all do, costs no timer.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._received_bytes = 0
        self._in_headers = False
        self._incomplete = True
        self._refused = False
        self._timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self._expect_the_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if not self._incomplete:
            self._stop_waiting()
            return
        self._expect_the_rest()
        self._received_bytes += len(data)
        if self._in_headers and self._received_bytes > MAX_HEADER_BLOCK_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are too long.")
        elif self._received_bytes > MAX_REQUEST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._incomplete = self._in_headers = True
        self._received_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if len(self.headers) > MAX_HEADERS:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has too many headers.")
        elif sum(map(_size, self.headers), len(self.url)) > MAX_HEADER_BLOCK_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are too long.")
        else:
            super().on_headers_complete()
            # INVARIANT: fields behind a chunked body are no headers. The parser tells of both alike.
            self.headers = _NOWHERE

    def on_chunk_header(self) -> None:
        # The parser takes `x, chunked` for chunked; what stands before this server may not.
        if any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in self.scope["headers"]):
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "The only transfer coding is chunked.")

    def on_body(self, body: bytes) -> None:
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._incomplete = False
        if not self._refused:
            super().on_message_complete()

    def _expect_the_rest(self) -> None:
        if self._timer is None and not self._refused:
            self._timer = self.loop.call_later(
                REQUEST_SECONDS, self._refuse, HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time."
            )

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        if self._refused:
            return
        self._refused = True
        self._stop_waiting()
        body = f"{why}\n"
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n{body}".encode("ascii"))
        self.transport.close()


class _Dropped(list[tuple[bytes, bytes]]):
    """Takes headers and keeps none."""

    def append(self, header: tuple[bytes, bytes]) -> None:
        pass


_NOWHERE = _Dropped()


def _size(header: tuple[bytes, bytes]) -> int:
    return len(header[0]) + len(header[1])
