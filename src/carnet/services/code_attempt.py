"""The change that checks the MFA codes of a call."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from carnet.audit.events import success_event
from carnet.audit.steps import Parsed
from carnet.base.faults import Fault
from carnet.directory.snapshot import Snapshot
from carnet.entities.mfa_device import MfaDevice
from carnet.identity.mfa import Codes, judge
from carnet.keyring.keyring import Keyring
from carnet.services.code_check import Accepted, CodeCheck
from carnet.services.execution import Admitted, Done, Execution, Failed, Outcome
from carnet.store.unit_of_work import UnitOfWork

_EVENT = "CheckMfa"
"""CloudTrail's name of the event.

https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAttempt:
    """Checks codes once. It is a change, so that guesses which come at the same time, on any nodes, are checked one
    after the other."""

    check: CodeCheck
    codes: Codes
    parsed: Parsed
    keyring: Keyring
    is_there: Callable[[Snapshot], object]
    """Raises Refused if the caller's credential is no longer good at that revision."""

    @property
    def now(self) -> datetime:
        return self.parsed.authenticated.routed.arrived.time

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Use up right codes, or count a wrong attempt, for the device as it is now; `accepted` reads what this
        answers.

        Raises a Fault, and changes nothing, if the codes may not be checked yet.
        """
        self.is_there(snapshot)
        known = self.codes.device
        view = snapshot.account(known.account)
        device = view.of(MfaDevice).get(known.id) if view is not None else None
        if device is None or device.holder != known.holder:
            raise self.check.missing(self.codes)
        refuse_hindered(self.check, self.codes, device, self.now)
        judged = judge(self.keyring, device, self.codes, self.now)
        unit.save(judged.device)
        event = success_event(self.parsed, {}, ())
        event |= {
            "eventName": _EVENT,
            "readOnly": False,
            "eventType": "AwsServiceEvent",
            "eventID": str(uuid.uuid4()),  # the call has an event of its own
        }
        event["responseElements"] = {_EVENT: "Success" if judged.right else "Failure"}
        return Done(answer={"right": judged.right}, event=event, decided=())


def code_attempt(execution: Execution, check: CodeCheck, admitted: Admitted, parsed: Parsed) -> CodeAttempt:
    """The change for a call that is allowed if its codes are right; raises a Fault if the codes need no check.

    INVARIANT: a refusal here costs no change, so that nobody can make others wait by guessing on.
    """
    codes = check.codes(admitted.call, parsed.given)
    caller = parsed.authenticated.caller
    refuse_hindered(check, codes, codes.device, parsed.authenticated.routed.arrived.time)
    return CodeAttempt(
        check=check,
        codes=codes,
        parsed=parsed,
        keyring=execution.parts.keyring,
        is_there=lambda snapshot: execution.present(snapshot, caller),
    )


def accepted(check: CodeCheck, outcome: Outcome) -> Accepted:
    """The result of an attempt that is committed; raises a Fault if the codes were wrong."""
    if isinstance(outcome, Failed):
        raise outcome.problem
    if outcome.answer["right"] is not True:
        raise check.wrong()
    return Accepted()


def refuse_hindered(check: CodeCheck, codes: Codes, device: MfaDevice, now: datetime) -> None:
    """Raise a Fault if the codes may not be checked yet."""
    hindrance = codes.hindrance(device, now)
    if hindrance is not None:
        fault: Fault = check.hindered[hindrance]()
        raise fault
