"""Redirect URIs of clients: the address to which a browser takes the code after a person has consented.

Only programs on the browser's own machine get one: anybody can register a client, and call it whatever they like.

https://www.rfc-editor.org/rfc/rfc8252#section-7.3
"""

from __future__ import annotations

import re

_LONGEST = 512
_LOOPBACK = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[A-Za-z0-9._~-]*)*)",
    re.ASCII,
)
_MOST_PORTS = 65_536


def is_redirect(uri: str) -> bool:
    """Whether a client may register it: http on loopback, with neither user nor query nor fragment."""
    return _parts(uri) is not None


def is_same_redirect(registered: str, asked: str) -> bool:
    """Whether the requested URI is the registered one. The client may choose another port each time."""
    parts = _parts(registered)
    return parts is not None and parts == _parts(asked)


def _parts(uri: str) -> tuple[str, str] | None:
    """Host and path. INVARIANT: a text that a browser could read differently is refused."""
    match = _LOOPBACK.fullmatch(uri) if len(uri) <= _LONGEST else None
    if match is None or not 0 < int(match["port"] or "80") < _MOST_PORTS:
        return None
    if any(part in (".", "..") for part in match["path"].split("/")):
        return None
    return match["host"], match["path"]
