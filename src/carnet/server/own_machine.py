"""Requests of programs on this machine: nobody else reads what they send in the clear."""

from __future__ import annotations

from carnet.base.http import RequestHead
from carnet.base.loopback import is_loopback

_NAMES = frozenset(
    ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-envoy-external-address")
)
"""Headers by which proxies tell of whom they ask for: https://www.rfc-editor.org/rfc/rfc7239"""
_PREFIX = "x-forwarded-"


def is_forwarded(head: RequestHead) -> bool:
    """Whether a request came through a proxy, as far as it tells: whoever made it need not be on this machine."""
    return any(name in _NAMES or name.startswith(_PREFIX) for name in head.first)


def is_of_own_machine(head: RequestHead) -> bool:
    """Whether a request comes from this machine, and through no proxy here."""
    return is_loopback(head.peer) and not is_forwarded(head)
