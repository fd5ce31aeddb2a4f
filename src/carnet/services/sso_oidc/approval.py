"""The answer of a person to a device, once the code that it shows was typed in a browser.

Pages ask the person; here is what they show, and the change that the answer is.

https://www.rfc-editor.org/rfc/rfc8628#section-3.3
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from carnet.audit.events import Event
from carnet.base.faults import Denied, Missing
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import BrowserSession
from carnet.entities.device_authorization import DeviceAuthorization, DeviceState, user_code_digest
from carnet.services.execution import Done
from carnet.store.unit_of_work import UnitOfWork

UNKNOWN = "There is no device that waits with this code. It may have expired: start again on the device."


def waiting_device(snapshot: Snapshot, user_code: str, account: str, now: datetime) -> DeviceAuthorization:
    """The device that shows a code, for people of the instance of an account. Raises Missing; why, nobody is told.

    INVARIANT: who asks is counted before (`identity.attempt_limits`), else codes could be guessed.
    """
    digest = user_code_digest(user_code)
    device = snapshot.named(DeviceAuthorization, digest) if digest is not None else None
    if device is None or device.account != account or not device.is_pending(now):
        raise Missing(UNKNOWN)
    return device


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDevice:
    """A person approves a device, or refuses it: an `execution.OtherChange`."""

    device: str
    """Its id."""
    approved: bool
    session: BrowserSession
    """The browser's. INVARIANT: it is a person's, and a page of the console asks."""
    is_good: Callable[[Snapshot, BrowserSession], bool]
    """Whether it still is at that revision."""
    event: Event
    now: datetime

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Keep the answer. Raises Denied if the person is signed in no longer, Missing as `waiting_device`."""
        if not self.is_good(snapshot, self.session):
            raise Denied("The session is over. Sign in again.")
        device = snapshot.accounts[self.session.account].of(DeviceAuthorization).get(self.device)
        if device is None or not device.is_pending(self.now):
            raise Missing(UNKNOWN)
        state = DeviceState.APPROVED if self.approved else DeviceState.DENIED
        unit.save(replace(device, state=state, holder=self.session.holder, sign_in=self.session.id))
        return Done(answer={"state": state.value, "clientName": device.client_name}, event=self.event, decided=())
