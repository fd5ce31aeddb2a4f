"""Requests of programs on this machine, which may be sent without TLS."""

from __future__ import annotations

from carnet.base.http import RequestHead
from carnet.base.loopback import is_loopback

_NAMES = frozenset(
    ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-envoy-external-address")
)
"""Headers in which proxies name their clients: https://www.rfc-editor.org/rfc/rfc7239"""
_PREFIX = "x-forwarded-"


def is_forwarded(head: RequestHead) -> bool:
    """Whether a request says that it came through a proxy, so that its sender need not be on this machine."""
    return any(name in _NAMES or name.startswith(_PREFIX) for name in head.first)


def is_of_own_machine(head: RequestHead) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it."""
    return is_loopback(head.peer) and not is_forwarded(head)
