"""Carries out an operation for its caller: reads from the directory, changes in one write transaction.

The outcome is a value. It holds every decision that was made on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from math import inf
from time import monotonic
from typing import Any, Protocol, assert_never

from msgspec import Struct, structs

from carnet.access.authorize import Decided
from carnet.access.gather import NOBODYS, carried_by, vouched_for
from carnet.access.request_context import anonymous_context, caller_context
from carnet.audit.events import Event, failure_event, success_event
from carnet.audit.steps import Parsed
from carnet.base.faults import Refused, Unavailable
from carnet.directory.directory import Directory
from carnet.directory.snapshot import Snapshot
from carnet.identity.caller import Anonymous, Bearer, Caller, Federated, SignedIn, Verified
from carnet.identity.credentials import Credentials
from carnet.policy.at_once import TakesLong, at_once, left
from carnet.services.code_check import Accepted, CodeCheck
from carnet.services.operation import (
    AnonymousCall,
    AnonymousWriteCall,
    Answer,
    AnyCall,
    BearerCall,
    BearerWriteCall,
    Call,
    FederatedCall,
    FederatedWriteCall,
    Operation,
    Parts,
    Refusal,
    WriteCall,
)
from carnet.store.group_commit import Group
from carnet.store.last_used import KeyUse, RoleUse
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork


class Done(Struct, frozen=True, kw_only=True):
    """An operation that was carried out: its answer, its audit event, and its decisions."""

    answer: Answer
    event: Event
    decided: tuple[Decided, ...]
    revision: int = 0
    """Of a change: the store's revision that has the change, and whatever was committed with it."""
    recorded: bool = False
    """Whether the event is already in the audit log, because it was recorded with the change."""


class Admitted(Struct, frozen=True, kw_only=True):
    """A call that may be prepared."""

    call: AnyCall
    decided: tuple[Decided, ...]


class Failed(Struct, frozen=True, kw_only=True):
    """An operation that was not carried out. Nothing was changed, unless perhaps if the commit itself failed."""

    problem: Exception
    """A Fault, or an unexpected exception."""
    decided: tuple[Decided, ...]
    """The decisions that were made by then, in their order."""


Outcome = Done | Failed

_GROUP_SECONDS = 0.2
"""How long a group of changes may take before it is committed: other processes wait for their turn meanwhile."""


class Requested(Struct, frozen=True, kw_only=True):
    """A requested operation; `prepared` is the result of its preparation."""

    operation: Operation
    parsed: Parsed
    prepared: Any = None
    at_once: float = inf
    """How many characters of policies may be read and compiled for it while other requests wait."""


class OtherChange(Protocol):
    """A change that is not an operation of an AWS service."""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make the change, or raise a Fault or another exception that its caller answers. `snapshot` is the state at
        the locked revision.

        INVARIANT: it looks up its caller again, as `_make` does. Its decisions were made once before, so that the
        policies are parsed and compiled by now (`server/long_policies`).
        """


Change = Requested | OtherChange


@dataclass(slots=True)
class _Tried:
    """One change of a group that is not yet committed."""

    decided: list[Decided] = field(default_factory=list)
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Runs operations against one directory and one store."""

    store: Store
    directory: Directory
    credentials: Credentials
    parts: Parts

    def admit(self, operation: Operation, parsed: Parsed, at_once: float = inf) -> Admitted | Failed:
        """Refuse a caller who may not call the operation now, at little cost, before the operation is prepared.

        INVARIANT: an operation is not prepared for a proven caller who may not call it, unless the decision depends on
        what the preparation finds. For other callers nothing can be decided before: the preparation finds out who they
        are.
        """
        decided: list[Decided] = []
        left.characters = min(left.characters, at_once)
        try:
            with_mfa = _proves_mfa(operation) and operation.is_prepared(parsed.given)
            requested = Requested(operation=operation, parsed=parsed)
            caller = parsed.authenticated.caller
            call = self._call(requested, self.directory.snapshot, caller, decided, with_mfa=with_mfa)
            if not isinstance(call, AnonymousCall) and not operation.decided_prepared:
                operation.authorize(call, parsed.given, decided)
            # A decision that assumed a right code is not shown: it is not known yet if the code is right.
            return Admitted(call=call, decided=() if with_mfa else tuple(decided))
        except Exception as problem:
            return Failed(problem=problem, decided=tuple(decided))
        finally:
            left.characters = inf

    def read(self, operation: Operation, parsed: Parsed, at_once: float = inf) -> Outcome:
        """Answer from memory, at the directory's present revision.

        It fails with TakesLong if more characters of policies have to be parsed and compiled than `at_once`, or than
        the thread may.
        """
        return self._execute_read(Requested(operation=operation, parsed=parsed, at_once=at_once), later=False)

    def read_prepared(self, operation: Operation, parsed: Parsed, prepared: Any, at_once: float = inf) -> Outcome:
        """As `read`, for an operation that was prepared: `prepared` is the result of the preparation.

        INVARIANT: the caller is looked up again, because it may have changed in the meantime.
        """
        requested = Requested(operation=operation, parsed=parsed, prepared=prepared, at_once=at_once)
        return self._execute_read(requested, later=True)

    def _execute_read(self, requested: Requested, *, later: bool) -> Outcome:
        """`later` says that the caller was authenticated a while ago."""
        parsed, decided = requested.parsed, list[Decided]()
        left.characters = min(left.characters, requested.at_once)
        try:
            snapshot, caller = self.directory.snapshot, parsed.authenticated.caller
            if later:
                caller = self.present(snapshot, caller)
            call = self._call(requested, snapshot, caller, decided, with_mfa=_with_mfa(requested))
            answer = requested.operation.perform(call, parsed.given, decided)
            return Done(answer=answer, event=success_event(parsed, answer, decided), decided=tuple(decided))
        except Exception as problem:
            return Failed(problem=problem, decided=tuple(decided))
        finally:
            left.characters = inf

    def write(self, operation: Operation, parsed: Parsed, prepared: Any = None) -> Outcome:
        """Make one change, or none; `prepared` is the result of the preparation."""
        return self.write_together([Requested(operation=operation, parsed=parsed, prepared=prepared)])[0]

    def write_together(self, changes: Iterable[Change]) -> list[Outcome]:
        """Make changes one after the other and commit them together. Each one is made or refused separately.

        The changes are asked for once no other process can write; if that turn does not come, they are asked for to be
        refused.

        Returns the outcomes of the first changes, of one at least. The others are left for the next group, because no
        other process can write meanwhile. A fault of the transaction is the outcome of all changes, even of refused
        ones: the reason for the refusal may have been rolled back. INVARIANT: the caller is looked up and authorized
        again at the revision after the preceding change. So a credential that was deleted can no longer write, not even
        within the same group.
        """
        tried: list[_Tried] = []
        try:
            with self.store.group() as group:
                snapshot = self.directory.snapshot
                if snapshot.revision != group.base:
                    snapshot = self.directory.catch_up(group.base)
                until = monotonic() + _GROUP_SECONDS
                for change in changes:
                    tried.append(_Tried())
                    snapshot = self._write_one(group, snapshot, change, tried[-1])
                    if monotonic() >= until:
                        break
        except Exception as problem:
            return [Failed(problem=problem, decided=tuple(one.decided)) for one in tried or [_Tried() for _ in changes]]
        self.directory.adopt(group.base, snapshot, group.made)
        seq = group.revision.seq
        return [
            structs.replace(one.outcome, revision=seq) if isinstance(one.outcome, Done) else one.outcome
            for one in tried
            if one.outcome is not None
        ]

    def _write_one(self, group: Group, snapshot: Snapshot, change: Change, tried: _Tried) -> Snapshot:
        """Make or refuse one change; returns the snapshot for the next one. Raises Unavailable if the group cannot go
        on."""
        try:
            with group.unit() as unit:
                if isinstance(change, Requested):
                    left.characters = change.at_once
                    done = self._make(change, unit, snapshot, tried.decided)
                else:
                    done = _made_in_time(change, unit, snapshot)
                unit.audit(done.event)
        except Exception as problem:
            if group.broken:
                raise
            tried.outcome = Failed(problem=problem, decided=tuple(tried.decided))
            return snapshot
        finally:
            left.characters = inf
        if unit.made is None:
            tried.outcome = done
            return snapshot
        tried.outcome = structs.replace(done, recorded=self.store.record is not None)
        return snapshot.with_changes(unit.made)

    def _make(self, change: Requested, unit: UnitOfWork, snapshot: Snapshot, decided: list[Decided]) -> Done:
        parsed = change.parsed
        caller = self.present(snapshot, parsed.authenticated.caller)
        call = self._call(change, snapshot, caller, decided, unit, with_mfa=_with_mfa(change))
        answer = change.operation.perform(call, parsed.given, decided)
        return Done(answer=answer, event=_event(parsed, answer, decided), decided=tuple(decided))

    def note_use(self, caller: Caller, when: datetime) -> None:
        """Note that an access key or a role was used, whether or not the call is allowed."""
        match caller:
            case Verified() if caller.credential.session is None:
                used = KeyUse(when, caller.service, caller.region)
                self.parts.last_used.note_key(caller.credential.key_id, used)
            case Verified() | SignedIn():
                if caller.principal.role_id:
                    self.parts.last_used.note_role(caller.principal.role_id, RoleUse(when, caller.region))
            case Federated() | Bearer() | Anonymous():
                pass
            case _:
                assert_never(caller)

    def present(self, snapshot: Snapshot, caller: Caller) -> Caller:
        """The caller as of another revision; raises Refused if its credential is no longer valid."""
        renewed: Caller | None
        match caller:
            case Verified() | SignedIn():
                credential = self.credentials.renew(snapshot, caller.credential)
                if credential is caller.credential:
                    return caller
                renewed = caller.renewed(credential) if credential is not None else None
            case Federated() | Bearer():
                renewed = caller.renewed(snapshot)
            case Anonymous():
                renewed = caller
            case _:
                assert_never(caller)
        if renewed is None:
            raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
        return renewed

    def _call(
        self,
        requested: Requested,
        snapshot: Snapshot,
        caller: Caller,
        decided: list[Decided],
        unit: UnitOfWork | None = None,
        *,
        with_mfa: bool,
    ) -> AnyCall:
        """The call that the operation gets; with a `unit` it can change the store. `with_mfa` if it counts as a call
        with MFA."""
        operation, arrived = requested.operation, requested.parsed.authenticated.routed.arrived
        members: dict[str, Any] = {
            "caller": caller,
            "snapshot": snapshot,
            "now": arrived.time,
            "parts": self.parts,
            "own_quotas": operation.quotas,
            "paging": operation.paging,
            "prepared": requested.prepared,
            "decided": decided,
        }
        if isinstance(caller, Verified | SignedIn):
            members["view"] = snapshot.accounts[caller.principal.account]
            members["policies"], keys = carried_by(snapshot, caller.credential)
            members["context"] = caller_context(keys, caller, arrived.http, arrived.time, with_mfa=with_mfa)
        else:
            members["policies"], keys = vouched_for(caller) if isinstance(caller, Federated) else NOBODYS
            members["context"] = anonymous_context(keys, caller, arrived.http, arrived.time)
        if unit is not None:
            members["store"] = unit
        return _call_type(caller, writes=unit is not None)(**members)


def _call_type(caller: Caller, *, writes: bool) -> Callable[..., AnyCall]:
    """The types of call for such a caller."""
    match caller:
        case Verified() | SignedIn():
            return WriteCall if writes else Call
        case Bearer():
            return BearerWriteCall if writes else BearerCall
        case Federated():
            return FederatedWriteCall if writes else FederatedCall
        case Anonymous():
            return AnonymousWriteCall if writes else AnonymousCall
        case _:
            assert_never(caller)


def _event(parsed: Parsed, answer: Answer, decided: list[Decided]) -> Event:
    if isinstance(answer, Refusal):
        return failure_event(parsed, answer.fault.code, answer.fault.message, decided)
    return success_event(parsed, answer, decided)


def _proves_mfa(operation: Operation) -> bool:
    """Whether a code in a request makes the call one with MFA."""
    return isinstance(operation.prepare, CodeCheck) and operation.prepare.proves_mfa


def _with_mfa(requested: Requested) -> bool:
    """INVARIANT: a call counts as one with MFA only after its code was checked."""
    return _proves_mfa(requested.operation) and isinstance(requested.prepared, Accepted)


def _made_in_time(change: OtherChange, unit: UnitOfWork, snapshot: Snapshot) -> Done:
    """Raises Unavailable if the caller's policies have changed so much since the request that others would have to
    wait."""
    try:
        return at_once(partial(change.make, unit, snapshot))
    except TakesLong:
        raise Unavailable("The policies that decide it have just changed. Nothing was changed; try again.") from None
