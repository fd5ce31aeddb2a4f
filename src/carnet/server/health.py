"""What a load balancer and `carnet status` ask: is this process deciding, and does it follow its store?"""

from __future__ import annotations

import orjson

from carnet.base.http import HttpResponse
from carnet.directory.directory import Directory
from carnet.directory.follower import Follower


class Health:
    """Answers 200 as long as this process can decide, which it can without its store."""

    def __init__(self, directory: Directory, follower: Follower) -> None:
        self._directory = directory
        self._follower = follower

    def respond(self) -> HttpResponse:
        """`{"status": "ok", "revision": n, "accounts": n, "store": "reachable" | "unreachable"}`."""
        snapshot = self._directory.snapshot
        body = {
            "status": "ok",
            "revision": snapshot.seq,
            "accounts": len(snapshot.accounts),
            "store": "reachable" if self._follower.reachable else "unreachable",
        }
        return HttpResponse(status=200, headers=(("content-type", "application/json"),), body=orjson.dumps(body))
