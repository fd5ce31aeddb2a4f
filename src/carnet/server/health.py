"""What a load balancer and `carnet status` ask: does this process decide, does it follow its store, may it be sent
requests?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson

from carnet.base.http import JSON, HttpResponse
from carnet.directory.directory import Directory
from carnet.directory.follower import Follower


class Health:
    """What is told of this process."""

    def __init__(self, directory: Directory, follower: Follower) -> None:
        self._directory = directory
        self._follower = follower

    def respond(self) -> HttpResponse:
        """200 as long as this process can decide, which it can without its store; 503 if that was removed or replaced.

        `{"status": "ok" | "lost", "revision": n, "accounts": n, "store": "reachable" | "unreachable" | "lost",
        "quarantined": n,
        "as_of": "2026-01-02T03:04:05Z"}`.

        `quarantined` counts the accounts, organizations (or the installation) that are held back; the log names them.
        `as_of` is when the revision was last known to be the newest one.
        """
        snapshot = self._directory.snapshot
        lost = self._directory.lost
        body = {
            "status": "lost" if lost else "ok",
            "revision": snapshot.seq,
            "accounts": len(snapshot.accounts),
            "store": "lost" if lost else "reachable" if self._follower.reachable else "unreachable",
            "quarantined": len(snapshot.quarantined),
            "as_of": f"{datetime.now(UTC) - timedelta(seconds=self._directory.staleness):%Y-%m-%dT%H:%M:%SZ}",
        }
        return _json(503 if lost else 200, body)

    def ready(self, *, is_open: bool) -> HttpResponse:
        """200 while this process may be sent requests, whether or not its store is there; 503 before it has started,
        from when it begins to stop, and if its store is lost. `{"status": "ready" | "not ready"}`."""
        return (
            _json(200, {"status": "ready"})
            if is_open and not self._directory.lost
            else _json(503, {"status": "not ready"})
        )


def _json(status: int, told: Mapping[str, object]) -> HttpResponse:
    return HttpResponse(status=status, headers=(("content-type", JSON),), body=orjson.dumps(told))
