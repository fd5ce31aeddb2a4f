"""Finds the signer of a request for a service that Carnet does not offer itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from carnet.audit.decisions import DecisionLog
from carnet.audit.steps import Arrived
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.authenticate import Authenticate, Authenticators
from carnet.identity.caller import AccountCaller, SignedIn, Verified
from carnet.server.fairness.throttle import Throttle

P = TypeVar("P")


class SignedCallers:
    """Finds the callers of such requests. Only signatures are taken."""

    def __init__(self, authenticators: Authenticators, decisions: DecisionLog, throttle: Throttle) -> None:
        self._authenticate = authenticators[Authenticate.SIGV4]
        self._decisions = decisions
        self._throttle = throttle

    def caller_of(self, arrived: Arrived, service: str) -> AccountCaller:
        """The caller of a service, which is given by its signing name.

        Raises AuthFailure, Throttled; Unavailable if the log cannot record what was computed for the request.
        """
        caller = self.proven(arrived, service, self._authenticate)
        assert isinstance(caller, Verified | SignedIn), "a signature is of a caller with an account"
        return caller

    def proven(self, arrived: Arrived, service: str, authenticate: Callable[..., P]) -> P:
        """The caller that `authenticate`, an `Authenticator`, finds. Raises what `caller_of` raises."""
        http = arrived.http
        if http.peer in self._throttle:
            self._throttle.screen(http, service)
        try:
            return authenticate(http, service=service, now=arrived.time)
        except AuthFailure as failure:
            self._throttle.fail(http.peer)
            if failure.computed:
                self._decisions.record_refused_signature(arrived.request_id, arrived.time, failure.computed)
            raise

    def note_unproven(self, arrived: Arrived) -> None:
        """Count a refused request whose caller has proven nothing. Raises Throttled if it is one too many."""
        self._throttle.fail(arrived.http.peer)
