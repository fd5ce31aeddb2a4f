"""The health pages for load balancers and `carnet status`: can this process decide, does it follow its store, does it
take requests?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import orjson

from carnet.audit.decisions import DecisionLog
from carnet.audit.recorder import Recorder
from carnet.base.clock import Clock
from carnet.base.http import JSON, HttpResponse, RequestHead
from carnet.bearer.operator_token import bears_token, verify
from carnet.directory.directory import Directory
from carnet.directory.follower import Follower
from carnet.entities.operator_token import OperatorScope
from carnet.identity.auth_failure import AuthFailure
from carnet.server.own_machine import is_of_own_machine


class Health:
    """The state of this process."""

    def __init__(
        self,
        directory: Directory,
        follower: Follower,
        recorder: Recorder,
        decisions: DecisionLog,
        clock: Clock,
        gateway: Mapping[str, str] | None = None,
    ) -> None:
        """`gateway`: the modes of the upstreams, by their names."""
        self._directory = directory
        self._follower = follower
        self._recorder = recorder
        self._decisions = decisions
        self._clock = clock
        self._gateway = gateway or {}

    def respond(self, request: RequestHead) -> HttpResponse:
        """200 as long as this process can decide, which it can without its store; 503 if that was removed or replaced.

        `{"status": "ok" | "lost"}`, which is all that strangers are told. A caller on this machine itself, not through
        a proxy there, or with an operator token of the scope `status:read`, is told more:

        `{"status": "ok" | "lost", "revision": n, "accounts": n,
        "store": "reachable" | "takes no changes" | "unreachable" | "lost",
        "audit_log": "writable" | "not writable" | "disk nearly full" | "behind",
        "decision_log": "writable" | "not writable", "quarantined": n,
        "as_of": "2026-01-02T03:04:05Z",
        "gateway": {"moto": "enforce" | "record"}}`; `gateway` if there is one.

        `quarantined` counts the accounts, organizations (or the installation) that are held back; the log names them.
        While the disk is nearly full, or the log is behind (it lacks a change that was made), no change is made.
        It is not writable if its directory takes no new file, as it begins one each day: then no call is answered.
        Nor is a log, of decisions too, whose last line the disk has refused, until a line is written again.
        The store takes no changes if it answers and refuses them (its disk is full, it is read-only): one is tried
        each second until it takes them again.
        `as_of` is when the revision was last known to be the newest one.
        """
        lost = self._directory.lost
        body: dict[str, object] = {"status": "lost" if lost else "ok"}
        if is_of_own_machine(request) or self._is_operators(request):
            body |= self._details(lost=lost)
        return _json(503 if lost else 200, body)

    def _is_operators(self, request: RequestHead) -> bool:
        # A token that was sent without TLS is not accepted, as in Carnet's own API.
        if not (request.secure and bears_token(request)):
            return False
        try:
            operator = verify(request, snapshot=self._directory.snapshot, now=self._clock())
        except AuthFailure:
            return False
        return OperatorScope.STATUS_READ in operator.token.scopes

    def _details(self, *, lost: bool) -> Mapping[str, object]:
        snapshot = self._directory.snapshot
        return {
            "revision": snapshot.seq,
            "accounts": len(snapshot.accounts),
            "store": "lost" if lost else self._follower.state,
            "audit_log": self._recorder.state,
            "decision_log": self._decisions.state,
            "quarantined": len(snapshot.quarantined),
            "as_of": f"{datetime.now(UTC) - timedelta(seconds=self._directory.staleness):%Y-%m-%dT%H:%M:%SZ}",
        } | ({"gateway": self._gateway} if self._gateway else {})

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
