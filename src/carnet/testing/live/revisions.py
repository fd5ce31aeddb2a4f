"""Read your writes at a server with several processes: no call is answered from before one's own changes."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

REVISION = "x-carnet-revision"
"""The header by which the server says which revision has a change, and in which that is given back."""


class Revisions:
    """The newest revision that the calls of this process have made at one server."""

    def __init__(self) -> None:
        self._newest = 0

    def watch(self, events: Any) -> None:
        """Give and take the header in every call of a session of botocore's, from its `register`."""
        events.register("before-call", self._give)
        events.register("after-call", self._take)

    def _give(self, params: MutableMapping[str, Any], **_: object) -> None:
        if self._newest:
            params["headers"][REVISION] = str(self._newest)

    def _take(self, http_response: Any, **_: object) -> None:
        told = http_response.headers.get(REVISION)
        if told is not None:
            self._newest = max(self._newest, int(told))


OF_ENDPOINTS: dict[str, Revisions] = {}
"""By endpoint: what one principal changes, another is to find."""
