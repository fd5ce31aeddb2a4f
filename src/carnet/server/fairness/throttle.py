"""Who is told to come back later: accounts that call too often, and networks of which too many prove nothing.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import monotonic

from carnet.base.http import HttpRequest
from carnet.identity.credential import FindCredential
from carnet.identity.networks import network_key
from carnet.server.fairness.rates import Rates
from carnet.server.fairness.token_buckets import Buckets, Rate
from carnet.sigv4.verify import named_credential

_STS = "sts"
_LOGGED = Rate(1, 10)
"""How many of its refused calls an account, or a network, has in the audit log: the rest are counted there."""
_LOGGED_OF_STRANGERS = Rate(50, 100)
"""The same for all networks together."""
_REFUSED = Rate(100, 100)
"""How many refused calls of one account, or of all strangers, are answered in a second: a connection that brings more
is not read from until the next of them may be answered."""
LONGEST_PAUSE = 5.0
_STRANGERS = "strangers"


class Throttled(Exception):
    """A call that is refused because there were too many."""

    def __init__(self, pause: float, untold: int | None) -> None:
        super().__init__("Rate exceeded")
        self.pause = pause
        """For how many seconds nothing more is to be read from the connection."""
        self.untold = untold
        """None if the call is not to be in the audit log; else how many were left out of it since the last one."""


class Throttle:
    """The limits of one worker. INVARIANT: its memory is bounded, whoever calls from wherever.

    Accounts are counted when their callers are proven, so that nobody uses up the calls of another's. Networks are
    counted by what fails: a caller who proves who it is is answered from whatever network.
    """

    def __init__(self, rates: Rates | None, find: FindCredential, now: Callable[[], float] = monotonic) -> None:
        """`rates` are this worker's; None: there is no limit."""
        self._rates = rates
        self._find = find
        self._now = now
        limits = rates or Rates()
        self._of_accounts = {False: Buckets(limits.reads), True: Buckets(limits.writes)}
        self._sts = Buckets(limits.sts)
        self._failures = Buckets(limits.failures)
        self._logged = Buckets(_LOGGED)
        self._logged_of_strangers = Buckets(_LOGGED_OF_STRANGERS, 1)
        self._refused = Buckets(_REFUSED)
        self._untold: Counter[str] = Counter()

    def admit(self, account: str, service: str, *, writes: bool) -> None:
        """Count a call of an account to a service, by botocore's name. Raises Throttled if it is one too many."""
        if self._rates is None:
            return
        buckets = self._sts if service == _STS else self._of_accounts[writes]
        if buckets.take(account, now := self._now()):
            raise self._refusal(account, account, now)

    def __contains__(self, peer: str) -> bool:
        """Whether so many requests from the network of an address have failed that those who come now are screened."""
        return self._rates is not None and self._failures.wait(network_key(peer), self._now()) > 0

    def screen(self, http: HttpRequest, service: str) -> None:
        """Raise Throttled for a request from there to a service (its signing name), before a signature is computed.

        One that names a good key is let pass: its signature tells whether it is another stranger's.
        """
        if named_credential(http, service=service, find=self._find) is None:
            self.fail(http.peer)

    def fail(self, peer: str) -> None:
        """Count a request that has not proven who calls. Raises Throttled if it is one too many."""
        if self._rates is None:
            return
        network = network_key(peer)
        if self._failures.take(network, now := self._now()):
            raise self._refusal(network, _STRANGERS, now)

    def _refusal(self, who: bytes | str, among: str, now: float) -> Throttled:
        pause = self._refused.wait(among, now)
        if pause < LONGEST_PAUSE:
            pause = self._refused.owe(among, now)
        return Throttled(pause, self._untold_before(who, among, now))

    def _untold_before(self, who: bytes | str, among: str, now: float) -> int | None:
        told = not self._logged.take(who, now) and not (
            among == _STRANGERS and self._logged_of_strangers.take(_STRANGERS, now)
        )
        if told:
            return self._untold.pop(among, 0)
        self._untold[among] += 1
        return None
