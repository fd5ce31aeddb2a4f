"""The change by which the policy of a resource is put or taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from carnet.access.authorize import Decided
from carnet.access.denial import denied
from carnet.audit.events import success_event
from carnet.audit.steps import Parsed
from carnet.base.faults import Malformed
from carnet.directory.snapshot import Snapshot
from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.gateway.deciding import Resolved, decide
from carnet.gateway.resource_policies import as_resource_policy, kept_policy
from carnet.identity.caller import AccountCaller, SignedIn, Verified
from carnet.policy.document import Grammar
from carnet.services.bound_principals import NoSuchPrincipal, bound
from carnet.services.documents import parse_once
from carnet.services.execution import Done, Execution
from carnet.store.unit_of_work import UnitOfWork


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
    policy: str | None
    """None to take it away."""
    keeps: tuple[Resolved, ...] = ()
    """What the caller has to be allowed once the policy is put."""
    answer: Mapping[str, Any]
    finish: Callable[[list[Decided]], None]
    """Is told what was decided."""

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """Make it. Raises Denied, Malformed, Refused."""
        caller = self.execution.present(snapshot, self.parsed.authenticated.caller)
        assert isinstance(caller, Verified | SignedIn), "a signature is of a caller with an account"
        arrived = self.parsed.authenticated.routed.arrived
        decided = decide(self.execution, snapshot, caller, arrived, self.checks)
        self.finish(decided)
        if not decided[-1].decision.allowed:
            raise denied(decided[-1])
        self._put(unit, snapshot, caller)
        return Done(
            answer=self.answer, event=success_event(self.parsed, self.answer, tuple(decided)), decided=tuple(decided)
        )

    def _put(self, unit: UnitOfWork, snapshot: Snapshot, caller: AccountCaller) -> None:
        kept = kept_policy(snapshot, self.arn, self.account)
        if self.policy is None:
            if kept is not None:
                unit.remove(kept)
            return
        entity = self.put_by(snapshot, caller, self.policy)
        if kept is None:
            unit.add(entity)
        else:
            unit.save(entity)

    def put_by(self, snapshot: Snapshot, caller: AccountCaller, policy: str) -> ResourceBasedPolicy:
        """The policy as it is kept. Raises Malformed if it is none, or shuts the caller out.

        https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
        """
        view, arrived = snapshot.accounts[self.account], self.parsed.authenticated.routed.arrived
        parsed = parse_once(policy, Grammar.RESOURCE, view.account.partition)
        try:
            made = bound(snapshot, view, parsed, policy)
        except NoSuchPrincipal as none:
            raise Malformed(f'Invalid principal in policy: "AWS":"{none.written}"') from None
        entity = ResourceBasedPolicy(
            arn=self.arn, account=self.account, document=made.text, principal_ids=made.ids, changed=arrived.time
        )
        if self.keeps:
            later = decide(self.execution, snapshot, caller, arrived, self.keeps, (as_resource_policy(entity),))
            if not later[-1].decision.allowed:
                raise Malformed("The new key policy will not allow you to update the key policy in the future.")
        return entity
