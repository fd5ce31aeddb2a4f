"""The changes by which the policy of a resource is put, revised, taken away, and forgotten with the resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.access.authorize import Decided
from carnet.access.denial import denied
from carnet.audit.events import Event, success_event
from carnet.audit.steps import Parsed
from carnet.base.faults import Malformed
from carnet.directory.snapshot import Snapshot
from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.gateway.deciding import Resolved, decide
from carnet.gateway.policies.resource_policies import as_resource_policy, kept_policy
from carnet.identity.caller import AccountCaller, SignedIn, Verified
from carnet.policy.document import Grammar
from carnet.services.bound_principals import NoSuchPrincipal, bound, shown
from carnet.services.documents import parse_once
from carnet.services.execution import Done, Execution
from carnet.store.unit_of_work import UnitOfWork


class TooLong(Malformed):
    """A policy is longer than AWS lets one be."""


class NamesNobody(Malformed):
    """A policy names a principal that does not exist."""


class ShutsOut(Malformed):
    """A policy does not let who puts it put another."""

    def __init__(self) -> None:
        super().__init__("the policy shuts its author out")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """A change that is asked for: an `execution.OtherChange`."""

    execution: Execution
    parsed: Parsed
    checks: tuple[Resolved, ...]
    """What the caller needs to be allowed. INVARIANT: it is decided again at the revision that is changed."""
    arn: str
    account: str
    """The account that owns the resource."""
    revise: Callable[[str | None], str | None]
    """From the policy as it reads now to the new one; None for none. May raise Refused."""
    names_gone: bool = False
    """Whether the new policy may name principals that are gone and that the present one names."""
    most: int
    """How long the policy may be, in bytes."""
    keeps: tuple[Resolved, ...] = ()
    """What the caller has to be allowed once the policy is put."""
    answer: Callable[[str | None], Mapping[str, Any]] = lambda policy: {}
    """From the policy as it reads then; from the one that was taken away, if there is none."""
    finish: Callable[[list[Decided]], None]
    """Is told what was decided."""
    tell: Callable[[Event], Event] = lambda event: event
    """Adds to the event what is known beside the request."""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make it. Raises Denied, Malformed, Refused."""
        caller = self.execution.present(snapshot, self.parsed.authenticated.caller)
        assert isinstance(caller, Verified | SignedIn), "a signature is of a caller with an account"
        arrived = self.parsed.authenticated.routed.arrived
        decided = decide(self.execution, snapshot, caller, arrived, self.checks)
        self.finish(decided)
        if not decided[-1].decision.allowed:
            raise denied(decided[-1])
        answer = self.answer(self._put(unit, snapshot, caller))
        event = self.tell(success_event(self.parsed, answer, tuple(decided)))
        return Done(answer=answer, event=event, decided=tuple(decided))

    def try_out(self, snapshot: Snapshot, caller: AccountCaller) -> None:
        """Decide by the new policy what `make` will decide by it. Raises Malformed as it does."""
        policy = self.revise(self._current_policy(snapshot)) if self.keeps else None
        if policy is not None:
            self.put_by(snapshot, caller, policy)

    def _current_policy(self, snapshot: Snapshot) -> str | None:
        """The policy as it reads now."""
        kept = kept_policy(snapshot, self.arn, self.account)
        return None if kept is None else shown(snapshot, kept.document, kept.principal_ids)

    def _put(self, unit: UnitOfWork, snapshot: Snapshot, caller: AccountCaller) -> str | None:
        """The policy as it reads from now on, or the one that is taken away."""
        kept = kept_policy(snapshot, self.arn, self.account)
        current = self._current_policy(snapshot)
        policy = self.revise(current)
        if policy is None:
            if kept is not None:
                unit.remove(kept)
            return current
        gone = kept.principal_ids.values() if kept is not None and self.names_gone else ()
        entity = self.put_by(snapshot, caller, policy, frozenset(gone))
        if kept is None:
            unit.add(entity)
        else:
            unit.save(entity)
        return shown(snapshot, entity.document, entity.principal_ids)

    def put_by(
        self, snapshot: Snapshot, caller: AccountCaller, policy: str, gone: frozenset[str] = frozenset()
    ) -> ResourceBasedPolicy:
        """The policy as it is kept. Raises Malformed if it is none, ShutsOut if it shuts the caller out.

        It may name the unique ids in `gone`, whose principals no longer exist.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
        """
        if len(policy.encode("utf-8", "replace")) > self.most:
            raise TooLong(f"The policy is longer than {self.most} bytes.")
        view, arrived = snapshot.accounts[self.account], self.parsed.authenticated.routed.arrived
        parsed = parse_once(policy, Grammar.RESOURCE, view.account.partition)
        try:
            made = bound(snapshot, view, parsed, policy, gone)
        except NoSuchPrincipal as none:
            raise NamesNobody(f'Invalid principal in policy: "AWS":"{none.written}"') from None
        entity = ResourceBasedPolicy(
            arn=self.arn, account=self.account, document=made.text, principal_ids=made.ids, changed=arrived.time
        )
        if self.keeps:
            instead = (as_resource_policy(entity),)
            keeps = [one._replace(instead=instead) for one in self.keeps]
            later = decide(self.execution, snapshot, caller, arrived, keeps)
            if not later[-1].decision.allowed:
                raise ShutsOut
        return entity


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesForgotten:
    """A resource is gone, and so are the policies of it and of its parts: an `execution.OtherChange`.

    A resource that is created under the same name later is another one.
    """

    arn: str
    account: str
    known: tuple[ResourceBasedPolicy, ...]
    """The policies from before the resource was gone. INVARIANT: what was put since then is of another resource."""
    event: Event
    decided: tuple[Decided, ...]

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        for kept in policies_under(snapshot, self.arn, self.account):
            if kept in self.known:
                unit.remove(kept)
        return Done(answer={}, event=self.event, decided=self.decided)


def policies_under(snapshot: Snapshot, arn: str, account: str) -> tuple[ResourceBasedPolicy, ...]:
    """The policies of a resource and of its parts: versions of a function, streams of a table."""
    view = snapshot.account(account)
    if view is None:
        return ()
    parts = (f"{arn}:", f"{arn}/")
    return tuple(kept for kept in view.of(ResourceBasedPolicy) if kept.arn == arn or kept.arn.startswith(parts))
