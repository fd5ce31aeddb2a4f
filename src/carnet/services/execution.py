"""Carries out an operation for a verified caller: reads from the directory, changes in one write transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from carnet.access.authorize import RESOURCE_ACCOUNT, Decided, caller_view
from carnet.access.request_context import caller_keys, request_keys
from carnet.audit.events import CallRecord, Event, success_event
from carnet.base.faults import Fault, Refused
from carnet.directory.account_view import AccountView
from carnet.directory.directory import Directory
from carnet.identity.credential import Credential, Verified
from carnet.identity.credentials import Credentials
from carnet.identity.session_limits import check_session_limits
from carnet.policy.request import Context
from carnet.services.operation import Answer, Call, Operation, Parts, WriteCall
from carnet.store.store import Store


class Done(Struct, frozen=True, kw_only=True):
    """An operation that was carried out: its answer and the audit event that tells of it."""

    answer: Answer
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Runs operations against one directory and one store."""

    store: Store
    directory: Directory
    credentials: Credentials
    parts: Parts

    def read(self, operation: Operation, caller: Verified, given: Mapping[str, Any], record: CallRecord) -> Done:
        """Answer from memory, at the directory's present revision; raises a Fault."""
        snapshot = self.directory.snapshot
        view = caller_view(snapshot, caller)
        call = Call(
            caller=caller,
            snapshot=snapshot,
            view=view,
            context=_context(view, caller, record),
            now=record.arrival.time,
            parts=self.parts,
        )
        answer, decided = _perform(operation, call, given)
        return Done(answer=answer, event=success_event(record, answer, decided))

    def write(self, operation: Operation, caller: Verified, given: Mapping[str, Any], record: CallRecord) -> Done:
        """Change the store, or nothing; raises a Fault.

        INVARIANT: the caller is found and authorized again at the locked revision, so a credential that was deleted
        before this transaction began can no longer write.
        """
        with self.store.write() as unit:
            snapshot = self.directory.catch_up(unit.base)
            present = _present(caller, self.credentials.renew(snapshot, caller.credential))
            view = caller_view(snapshot, present)
            call = WriteCall(
                caller=present,
                snapshot=snapshot,
                view=view,
                context=_context(view, present, record),
                now=record.arrival.time,
                parts=self.parts,
                store=unit,
            )
            answer, decided = _perform(operation, call, given)
            event = success_event(record, answer, decided)
            unit.audit(event)
        self.directory.apply(unit.committed)
        return Done(answer=answer, event=event)

    def note_use(self, caller: Verified, when: datetime) -> None:
        """Remember that an access key or a role was used, whether or not the call is allowed."""
        if caller.credential.session is None:
            self.parts.last_used.note_key(caller.credential.key_id, when, caller.service, caller.region)
        elif caller.principal.role_id:
            self.parts.last_used.note_role(caller.principal.role_id, when, caller.region)


def _context(view: AccountView, caller: Verified, record: CallRecord) -> Context:
    arrival = record.arrival
    return Context(
        principal=caller_keys(view, caller, arrival.time),
        request=request_keys(arrival.http, caller.region, arrival.time),
        resource={RESOURCE_ACCOUNT: view.account.id},
    )


def _perform(operation: Operation, call: Call, given: Mapping[str, Any]) -> tuple[Answer, tuple[Decided, ...]]:
    check_session_limits(call.caller.credential, operation.service, operation.name)
    decided = operation.authorize(call, given)
    try:
        return operation.body(call, given), decided
    except Fault as fault:
        fault.decided = (*decided, *fault.decided)
        raise


def _present(caller: Verified, credential: Credential | None) -> Verified:
    if credential is None:
        raise Refused("InvalidClientTokenId", "The security token included in the request is invalid.")
    return replace(caller, credential=credential)
