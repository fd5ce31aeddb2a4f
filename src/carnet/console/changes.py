"""The steps of a sign-in that change the store: each is one transaction, in which its holder is looked for again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from carnet.audit.sign_in_events import FAILED
from carnet.audit.steps import Arrived
from carnet.base.faults import AlreadyExists
from carnet.console.entering import enter, failure, holder_at
from carnet.console.flow import LIFETIME, Flow
from carnet.console.given import GiveCode
from carnet.console.holders import Holder
from carnet.console.outcomes import INCORRECT, LOCKED, PAUSED, Refusal, expired
from carnet.console.parts import ConsoleParts
from carnet.directory.snapshot import Snapshot
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.identity.mfa import Codes, Hindrance, judge
from carnet.services.execution import Done
from carnet.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """The common base of all steps."""

    parts: ConsoleParts
    arrived: Arrived
    flow: Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Entering(StepChange):
    """A sign-in in which everything has been given."""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        return enter(self.parts, unit, snapshot, self.arrived, holder_at(snapshot, self.flow), self.flow)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingCode(StepChange):
    """A one-time code, which counts once and whose attempts count together with those of the API."""

    given: GiveCode

    def refuse_hindered(self, snapshot: Snapshot) -> tuple[Holder, Codes]:
        """The code and the device that it is of. Raises Refusal for what is not even looked at.

        INVARIANT: called before the change, too, so that who guesses on makes nobody else wait.
        """
        holder = holder_at(snapshot, self.flow)
        devices = [device for device in holder.apps if self.given.device in (None, device.id)]
        if len(devices) != 1:
            raise expired()
        codes = Codes(device=devices[0], codes=("".join(self.given.code.split()),))
        hindrance = codes.hindrance(devices[0], self.arrived.time)
        if hindrance is not None:
            event = failure(self.parts, self.arrived, holder, FAILED, devices[0].serial)
            raise Refusal("SignInFailed", PAUSED if hindrance is Hindrance.PAUSE else LOCKED, event)
        return holder, codes

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        holder, codes = self.refuse_hindered(snapshot)
        judged = judge(self.parts.execution.parts.keyring, codes.device, codes, self.arrived.time)
        unit.save(judged.device)
        if not judged.right:
            event = failure(self.parts, self.arrived, holder, FAILED, codes.device.serial)
            return Done(answer={"refused": INCORRECT}, event=event, decided=())
        return enter(self.parts, unit, snapshot, self.arrived, holder, with_mfa(self.flow, codes.device, self.arrived))


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingPasskey(StepChange):
    """A challenge that a passkey has signed, which was checked with the device as it was `before`."""

    before: MfaDevice
    used: MfaDevice

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: a challenge counts once, on all nodes: the index of what was redeemed decides."""
        holder = holder_at(snapshot, self.flow)
        if self.before not in holder.passkeys:
            raise expired()
        spend_challenge(unit, self.flow)
        if self.used != self.before:
            unit.save(self.used)
        return enter(self.parts, unit, snapshot, self.arrived, holder, with_mfa(self.flow, self.used, self.arrived))


def with_mfa(flow: Flow, device: MfaDevice, arrived: Arrived) -> Flow:
    """The sign-in, after a device has given MFA."""
    return flow.but(mfa=arrived.time, mfa_device=device.id, challenge="")


def spend_challenge(unit: UnitOfWork, flow: Flow) -> None:
    """Remember that a challenge was answered. Raises Refusal if it was before."""
    spent = hashlib.sha256(f"challenge\0{flow.challenge}".encode()).hexdigest()
    try:
        unit.add(RedeemedAssertion(id=spent, account=flow.account, expires=flow.started + LIFETIME))
    except AlreadyExists:
        raise expired() from None
