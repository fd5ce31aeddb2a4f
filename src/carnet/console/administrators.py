"""Actions of an administrator of an IAM Identity Center instance in a browser: what all of them share.

An action is one that AWS has only in its console, and has a permission. A principal of the account that owns the
instance, or of its delegated administrator, may carry it out if policies allow it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from carnet.access.authorize import Check
from carnet.access.denial import denied
from carnet.audit.events import Event
from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.console.callers import caller_of, decide
from carnet.console.outcomes import Told
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser, holder_of, still_signed_in
from carnet.directory.snapshot import Snapshot
from carnet.server.own_api.problems import Problem
from carnet.services.execution import Change
from carnet.services.preparing import Preparation
from carnet.services.transaction import Transaction
from carnet.services.turns import whose
from carnet.store.unit_of_work import UnitOfWork

T = TypeVar("T")


def read_action(decoder: msgspec.json.Decoder[T], body: bytes, on: str) -> T:
    """The action that a body names. Raises Problem; `on` is what the actions are about."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(400, "InvalidRequest", f"This is no action on {on}.") from None


def name_of(action: Struct) -> str:
    """The action, which is also the name of the permission."""
    return str(type(action).__struct_config__.tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """A signed-in principal that asks for one action."""

    parts: ConsoleParts
    arrived: Arrived
    browser: SignedInBrowser

    def check(self, snapshot: Snapshot, *actions: str) -> str:
        """The account from which this is asked, if its policies allow all of it at that revision.

        Raises Problem, Denied, Unavailable.
        """
        holder = holder_of(snapshot, self.browser.session)
        caller = caller_of(snapshot, self.browser.session) if holder is not None else None
        if holder is None or caller is None:
            raise Problem(403, "AccessDenied", "This is for IAM users and root users.")
        http, now, engine = self.arrived.http, self.arrived.time, self.parts.execution.parts.engine
        for action in actions:
            check = Check(action=action, resource="*", resource_account=holder.account)
            decided = decide(engine, snapshot, caller, http, now, check)
            if not decided.decision.allowed:
                raise denied(decided)
        return holder.account

    async def now(self, work: Callable[[Snapshot], T]) -> T:
        """What `work` gives at the present revision. Raises as `ConsoleParts.deciding`, too."""
        session, peer = self.browser.session, self.arrived.http.peer
        return await self.parts.deciding(work, session.account, peer, partial(still_signed_in, session=session))

    async def prepare(self, preparation: Preparation) -> Any:
        """What is done before the change, when it is this account's turn. Raises Unavailable, and as the work."""
        caller = whose(self.browser.session.account, self.arrived.http.peer)
        return await self.parts.pools.run(preparation, None, None, caller)

    def transaction(self, unit: UnitOfWork, snapshot: Snapshot) -> Transaction:
        """The transaction of a change that is being made."""
        parts = self.parts.execution.parts
        return Transaction(unit=unit, snapshot=snapshot, keyring=parts.keyring, ids=parts.ids, now=self.arrived.time)

    async def make(self, change: Change) -> Told:
        """Make a change, and tell of it."""
        account = self.browser.session.account
        outcome = await self.parts.writer.make(change, account)
        event = None if outcome.recorded else outcome.event
        return Told(members=dict(outcome.answer), event=event, account=account, revision=outcome.revision)

    def event(self, action: str, shown: Mapping[str, Any]) -> Event:
        """The audit event of an action with those parameters."""
        service, _, name = action.partition(":")
        event = sign_in_event(self.arrived, self.browser.holder.who, name=name, to=self.parts.origin.url)
        return event | {"eventSource": f"{service}.amazonaws.com", "requestParameters": dict(shown)}
