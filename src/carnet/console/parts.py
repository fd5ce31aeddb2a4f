"""The parts that the console works with, chosen once in `assembly`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from carnet.console.origin import ConsoleOrigin
from carnet.directory.snapshot import Snapshot
from carnet.identity.passkeys import Passkeys
from carnet.server.fairness.throttle import Throttle
from carnet.server.long_policies import LongPolicies
from carnet.server.writer import Writer
from carnet.services.execution import Execution
from carnet.services.mailed_invitations import Mailer
from carnet.services.preparing import Pools
from carnet.services.turns import whose

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """All parts."""

    execution: Execution
    writer: Writer
    pools: Pools
    long_policies: LongPolicies
    throttle: Throttle
    origin: ConsoleOrigin
    passkeys: Passkeys | None
    """None if browsers make no passkeys at that origin."""
    mailer: Mailer | None = None
    """None if no mail is sent."""

    async def deciding(
        self, work: Callable[[Snapshot], T], account: str, peer: str, look_again: Callable[[Snapshot], object]
    ) -> T:
        """What a decision at the present revision gives or raises, for a holder of the account.

        Raises Unavailable, and if it took long, what `look_again` raises for who is not signed in any more.
        """
        directory = self.execution.directory
        return await self.long_policies.in_time(
            lambda: work(directory.snapshot), whose(account, peer), lambda: look_again(directory.snapshot)
        )
