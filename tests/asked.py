"""Asking a server for a page, of which nothing stays open: an HTTPError that is only caught keeps its connection."""

from __future__ import annotations

import urllib.error
import urllib.request

_SECONDS = 60


def status_of(url: str) -> int:
    """How a GET is answered; raises OSError if it is not."""
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code
