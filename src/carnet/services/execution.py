"""Carries out an operation for its caller: reads from the directory, changes in one write transaction.

What comes of it is a value, with every decision that was made on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from carnet.access.authorize import RESOURCE_ACCOUNT, Decided, caller_view
from carnet.access.request_context import caller_keys, request_keys
from carnet.audit.events import Event, success_event
from carnet.audit.steps import Parsed
from carnet.base.faults import Refused
from carnet.directory.directory import Directory
from carnet.directory.snapshot import Snapshot
from carnet.identity.caller import Anonymous, Caller
from carnet.identity.credentials import Credentials
from carnet.identity.principals import anonymous_keys
from carnet.policy.request import Context
from carnet.services.operation import (
    AnonymousCall,
    AnonymousWriteCall,
    Answer,
    AnyCall,
    AnyTarget,
    Call,
    Operation,
    Parts,
    WriteCall,
)
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork


class Done(Struct, frozen=True, kw_only=True):
    """An operation that was carried out: its answer and the audit event that tells of it."""

    answer: Answer
    event: Event


class Admitted(Struct, frozen=True, kw_only=True):
    """A call that may be prepared."""

    call: AnyCall
    decided: tuple[Decided, ...]


class Failed(Struct, frozen=True, kw_only=True):
    """An operation that was not carried out. Nothing was changed, save perhaps where the commit itself broke."""

    problem: Exception
    """A Fault, or what nobody foresaw."""
    decided: tuple[Decided, ...]
    """The decisions that were made by then, in their order."""

    @property
    def denial(self) -> Decided | None:
        """The decision against the caller, if that is why."""
        return self.decided[-1] if self.decided and not self.decided[-1].decision.allowed else None


Outcome = Done | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Runs operations against one directory and one store."""

    store: Store
    directory: Directory
    credentials: Credentials
    parts: Parts

    def admit(self, operation: Operation, parsed: Parsed) -> Admitted | Failed:
        """Refuse at little cost, before the operation is prepared, whom it would be refused to as things stand.

        INVARIANT: a signed operation is not prepared for a caller who may not call it. Of nobody in particular nothing
        is known before that: who calls is what the preparation finds out.
        """
        decided: list[Decided] = []
        try:
            call = self._call(parsed, self.directory.snapshot, parsed.authenticated.caller)
            if isinstance(call, Call):
                _authorize(operation, call, parsed, decided)
            return Admitted(call=call, decided=tuple(decided))
        except Exception as problem:
            return Failed(problem=problem, decided=tuple(decided))

    def read(self, operation: Operation, parsed: Parsed, prepared: Any = None) -> Outcome:
        """Answer from memory, at the directory's present revision; `prepared` is what the preparation has made."""
        decided: list[Decided] = []
        try:
            snapshot, caller = self.directory.snapshot, parsed.authenticated.caller
            if operation.prepare is not None:
                caller = self._present(snapshot, caller)  # which may have changed in the meantime
            call = self._call(parsed, snapshot, caller, prepared)
            answer = _perform(operation, call, parsed, decided)
            return Done(answer=answer, event=success_event(parsed, answer, decided))
        except Exception as problem:
            return Failed(problem=problem, decided=tuple(decided))

    def write(self, operation: Operation, parsed: Parsed, prepared: Any = None) -> Outcome:
        """Change the store, or nothing; `prepared` is what the preparation has made.

        INVARIANT: the caller is found and authorized again at the locked revision, so a credential that was deleted
        before this transaction began can no longer write.
        """
        decided: list[Decided] = []
        try:
            with self.store.write() as unit:
                snapshot = self.directory.catch_up(unit.base)
                caller = self._present(snapshot, parsed.authenticated.caller)
                call = self._call(parsed, snapshot, caller, prepared, unit)
                answer = _perform(operation, call, parsed, decided)
                event = success_event(parsed, answer, decided)
                unit.audit(event)
            self.directory.apply(unit.committed)
            return Done(answer=answer, event=event)
        except Exception as problem:
            return Failed(problem=problem, decided=tuple(decided))

    def note_use(self, caller: Caller, when: datetime) -> None:
        """Remember that an access key or a role was used, whether or not the call is allowed."""
        if isinstance(caller, Anonymous):
            return
        if caller.credential.session is None:
            self.parts.last_used.note_key(caller.credential.key_id, when, caller.service, caller.region)
        elif caller.principal.role_id:
            self.parts.last_used.note_role(caller.principal.role_id, when, caller.region)

    def _present(self, snapshot: Snapshot, caller: Caller) -> Caller:
        """The caller as it stands at another revision; raises Refused if its credential is no longer good."""
        if isinstance(caller, Anonymous):
            return caller
        credential = self.credentials.renew(snapshot, caller.credential)
        if credential is None:
            raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
        return caller.renewed(credential)

    def _call(
        self,
        parsed: Parsed,
        snapshot: Snapshot,
        caller: Caller,
        prepared: Any = None,
        unit: UnitOfWork | None = None,
    ) -> AnyCall:
        """What the operation is given; with a `unit`, to change the store."""
        arrived = parsed.authenticated.routed.arrived
        request = request_keys(arrived.http, caller.region, arrived.time)
        members: dict[str, Any] = {
            "caller": caller,
            "snapshot": snapshot,
            "now": arrived.time,
            "parts": self.parts,
            "prepared": prepared,
        }
        if isinstance(caller, Anonymous):
            members["context"] = Context(principal=anonymous_keys(), request=request)
            return AnonymousCall(**members) if unit is None else AnonymousWriteCall(**members, store=unit)
        members["view"] = view = caller_view(snapshot, caller)
        members["context"] = Context(
            principal=caller_keys(view, caller, arrived.time),
            request=request,
            resource={RESOURCE_ACCOUNT: view.account.id},
        )
        return Call(**members) if unit is None else WriteCall(**members, store=unit)


def _perform(operation: Operation, call: AnyCall, parsed: Parsed, decided: list[Decided]) -> Answer:
    """Authorize and run the body; raises a Fault."""
    target = _authorize(operation, call, parsed, decided)
    return operation.perform(call, parsed.given, target)


def _authorize(operation: Operation, call: AnyCall, parsed: Parsed, decided: list[Decided]) -> AnyTarget:
    """What the call acts on. Adds each decision to `decided`; raises a Fault if the call is not allowed."""
    if isinstance(call, Call) and (session := call.caller.credential.session) is not None:
        operation.refuse_session(session, operation.name)
    return operation.authorize(call, parsed.given, decided)
