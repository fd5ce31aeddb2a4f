"""What the console works with, chosen once in `assembly`."""

from __future__ import annotations

from dataclasses import dataclass

from carnet.console.origin import ConsoleOrigin
from carnet.identity.passkeys import Passkeys
from carnet.server.throttle import Throttle
from carnet.server.writer import Writer
from carnet.services.execution import Execution
from carnet.services.mailed_invitations import Mailer
from carnet.services.preparing import Pools


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """All of it."""

    execution: Execution
    writer: Writer
    pools: Pools
    throttle: Throttle
    origin: ConsoleOrigin
    passkeys: Passkeys | None
    """None if browsers make no passkeys at that origin."""
    mailer: Mailer | None = None
    """None if no mail is sent."""
