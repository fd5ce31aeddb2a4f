"""On which connections Carnet's own API answers: its tokens and root keys go over no network in the clear."""

from __future__ import annotations

from carnet.base.http import RequestHead
from carnet.base.loopback import is_loopback
from carnet.server.own_api.problems import Problem
from carnet.server.own_machine import is_forwarded


def refuse_insecure(head: RequestHead) -> None:
    """Raise Problem unless the request came over TLS, or from this machine without a proxy between."""
    if head.secure:
        return
    if not is_loopback(head.peer):
        raise _insecure("This request came in the clear from another machine.")
    if is_forwarded(head):
        raise _insecure("This request came in the clear through a proxy.")


def _insecure(why: str) -> Problem:
    return Problem(
        403,
        "InsecureTransport",
        f"{why} Carnet's own API answers over TLS (carnet serve --tls-cert and --tls-key), "
        "or to programs on its own machine that use no proxy.",
    )
