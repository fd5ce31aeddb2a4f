"""Heads of answers: when a client may try again."""

from __future__ import annotations

import pytest

from carnet.base.http import HttpResponse
from carnet.server.http.sending import head


@pytest.mark.parametrize(
    ("status", "own", "told"),
    [
        (503, (), ["2"]),
        (503, (("retry-after", "7"),), ["7"]),
        (503, (("content-type", "text/plain"),), ["2"]),
        (429, (("retry-after", "1"),), ["1"]),
        *((status, (), []) for status in (200, 400, 403, 429, 500, 502, 504)),
    ],
)
def test_who_is_answered_503_is_told_once_when_to_try_again(
    status: int, own: tuple[tuple[str, str], ...], told: list[str]
) -> None:
    text = head(HttpResponse(status=status, headers=own, body=b""), (), framing="content-length: 0\r\n", last=False)
    lines = text.decode().split("\r\n")
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert [line.removeprefix("retry-after: ") for line in lines if line.startswith("retry-after")] == told
