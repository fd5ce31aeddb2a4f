"""Carnet's own routes: paths that are answered before any service is asked."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol

from carnet.base.http import HttpRequest, RequestHead
from carnet.server.outbox import Answer


class OwnRoutes(Protocol):
    """Pages and APIs of Carnet's own, such as the console.

    INVARIANT: the first segments of its paths are in `own_pages.SEGMENTS`, so that no service gets unsigned requests
    for them, on any frontend.
    """

    def takes(self, head: RequestHead) -> bool:
        """Whether it answers a request."""

    def respond(self, http: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        """The answer: at once, or to be awaited. Never raises."""
