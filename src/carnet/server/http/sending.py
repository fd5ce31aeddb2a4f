"""Answers as bytes: heads, and answers that are there whole.

https://www.rfc-editor.org/rfc/rfc9112
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus

from carnet.base.http import HttpResponse, RequestHead, StreamedResponse
from carnet.server.http.request_refused import refusal_body

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_CLOSE = "connection: close\r\n"
_RETRY_LATER = "retry-after: 2\r\n"
"""Added to each answer with status 503, unless the answer says itself when a client may try again."""


def head(
    response: HttpResponse | StreamedResponse,
    default_headers: Iterable[tuple[bytes, bytes]],
    *,
    framing: str,
    last: bool,
) -> bytes:
    """The status line and the headers; `last` says that the connection ends with this answer.

    Raises ValueError if a header has a line break.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in response.headers])
    if lines.count("\n") != len(response.headers) or lines.count("\r") != len(response.headers):
        raise ValueError("a line break in a header")
    if response.status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after:" not in lines:
        lines += _RETRY_LATER
    return (
        f"{_STATUS_LINES[response.status]}{_default_lines(tuple(default_headers))}{lines}"
        f"{framing}{_CLOSE if last else ''}\r\n"
    ).encode("ascii")


@lru_cache(1)
def _default_lines(headers: tuple[tuple[bytes, bytes], ...]) -> str:
    """The date, which changes once a second."""
    return "".join([f"{name.decode('ascii')}: {value.decode('ascii')}\r\n" for name, value in headers])


def whole(
    request: RequestHead | None,
    response: HttpResponse,
    default_headers: Iterable[tuple[bytes, bytes]],
    *,
    last: bool,
) -> bytes:
    """The bytes of an answer that is there whole; `request` is None if nobody could read which one it was."""
    framing = f"content-length: {len(response.body)}\r\n"
    beginning = head(response, default_headers, framing=framing, last=last)
    return beginning if request is not None and request.method == "HEAD" else beginning + response.body


def refusal(status: HTTPStatus, why: str) -> bytes:
    """The bytes of an answer, the connection's last, to what is no request or cannot be answered."""
    xml = (("content-type", "text/xml"),)
    return whole(None, HttpResponse(status=status, headers=xml, body=refusal_body(status, why)), (), last=True)
