"""What another SCP or RCP would have done to the calls in the log of decisions.

Each call is decided twice by the written rule, with what its caller brought along when it was made: under the policies
of the organization as they are, and as the change would leave them. A call of which anything is missing is counted, and
not decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from msgspec import structs

from carnet.access.organization_policies import bound
from carnet.audit.explanations import Recorded, recorded
from carnet.base.faults import Missing, Unavailable
from carnet.catalog.organization_policies import FULL_ACCESS
from carnet.directory.snapshot import Snapshot
from carnet.entities.organization_policy import OrganizationPolicy
from carnet.policy.decide import decide
from carnet.policy.decision import Decision
from carnet.policy.request import Request
from carnet.store.changes import Change, Changes, Revision
from carnet.store.entity_types import ENTITY_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change to what is attached to one root, unit or account."""

    organization: str
    target: str
    attach: OrganizationPolicy | None = None
    detach: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """Calls that the change decides otherwise, for one reason."""

    allowed: bool
    """Whether they would be allowed from then on."""
    principal: str
    action: str
    statement: str
    """What decides: of a denial the statement, or the layer that does not allow; of what is newly allowed, what denied
    it before."""


@dataclass(slots=True)
class WhatIf:
    """What came of all calls."""

    differences: Counter[Difference] = field(default_factory=Counter[Difference])
    decided: int = 0
    gone: int = 0
    """Of which the log no longer holds the policies, or whose account or organization cannot be read."""
    hidden: int = 0
    """That are not decided as they were, since the log hides a value on which it depended."""

    def as_dict(self) -> dict[str, Any]:
        """The answer in JSON values."""
        return {
            "decided": self.decided,
            "gone": self.gone,
            "hidden": self.hidden,
            "differences": [
                {
                    "newly": "allowed" if one.allowed else "denied",
                    "principal": one.principal,
                    "action": one.action,
                    "statement": one.statement,
                    "calls": calls,
                }
                for one, calls in self.sorted()
            ],
        }

    def sorted(self) -> list[tuple[Difference, int]]:
        """The denials first, then by how many calls there are."""
        return sorted(self.differences.items(), key=lambda one: (one[0].allowed, -one[1], str(one[0])))


def edited(snapshot: Snapshot, edit: Edit) -> Snapshot:
    """The snapshot as the change would leave it; raises Missing for a target or an attachment that is not there."""
    view = snapshot.organizations[edit.organization]
    node = view.node(edit.target)
    if node is None:
        raise Missing(f"There is no root, organizational unit or account {edit.target} in {edit.organization}.")
    after: list[Any] = []
    if edit.detach is not None:
        if edit.detach == FULL_ACCESS.id and node.full_access:
            node = replace(node, full_access=False)
        elif edit.detach in node.attached:
            node = replace(node, attached=tuple(one for one in node.attached if one != edit.detach))
        else:
            raise Missing(f"The policy {edit.detach} is not attached to {edit.target}.")
    if edit.attach is not None:
        after.append(edit.attach)
        node = replace(node, attached=(*node.attached, edit.attach.id))
        if edit.attach.type not in view.organization.policy_types:
            types = (*view.organization.policy_types, edit.attach.type)
            after.append(replace(view.organization, policy_types=types))
    after.append(node)
    base = snapshot.revision
    revision = Revision(base.seq + 1, base.epoch, b"what if")
    changes = [
        Change(type_, type_.scope_of(one), type_.key_of(one), one) for one in after for type_ in (ENTITY_TYPES.of(one),)
    ]
    return snapshot.with_changes(Changes(base=base, revision=revision, changes=tuple(changes)))


def what_if(
    logs: Iterable[Iterable[bytes]], since: datetime, before: Snapshot, after: Snapshot, *, organization: str
) -> WhatIf:
    """Decide the calls since then that have to do with an organization. `logs` are as `explanations` takes them."""
    told = WhatIf()
    for call in recorded(logs, since):
        if call is None:
            told.gone += 1
        elif _concerns_organization(call, before, organization):
            _decide(told, call, before, after)
    return told


def _concerns_organization(call: Recorded, snapshot: Snapshot, organization: str) -> bool:
    """Whether the caller's or a resource's account is in the organization, or is gone."""
    accounts = {account for one in call.checks for account in (one.request.principal.account, _owner(one.request))}
    return any(_is_of(snapshot, account, organization) for account in accounts if account)


def _is_of(snapshot: Snapshot, account: str, organization: str) -> bool:
    view = snapshot.account(account)
    return view is None or (view.membership is not None and view.membership.organization == organization)


def _owner(request: Request) -> str:
    return request.resource_account or request.principal.account


def _decide(told: WhatIf, call: Recorded, before: Snapshot, after: Snapshot) -> None:
    if any(decide(one.request, one.policies).verdict != one.verdict for one in call.checks):
        told.hidden += 1
        return
    try:
        now, then = _first_denial(call, before), _first_denial(call, after)
    except Unavailable:
        told.gone += 1
        return
    told.decided += 1
    found = now or then
    if found is None or (now is not None and then is not None):
        return
    request, decision = found
    told.differences[
        Difference(
            allowed=then is None,
            principal=request.principal.issuer_arn or request.principal.arn,
            action=request.action,
            statement=_deciding_reason(decision),
        )
    ] += 1


def _first_denial(call: Recorded, snapshot: Snapshot) -> tuple[Request, Decision] | None:
    """The check that denies a call, if one does. Raises Unavailable for an account that is gone."""
    for one in call.checks:
        request = one.request
        if request.principal.account and snapshot.account(request.principal.account) is None:
            raise Unavailable("The account is gone.")
        own = structs.replace(one.policies, scp=(), rcp=(), scp_attached=(), rcp_attached=())
        decision = decide(request, bound(snapshot, request.principal, _owner(request), own))
        if not decision.allowed:
            return request, decision
    return None


def _deciding_reason(decision: Decision) -> str:
    if decision.problem:
        return decision.problem
    if not decision.statements:
        return f"no statement of a {decision.layer} allows it"
    first = decision.statements[0]
    return f"{decision.layer} {first.policy}, statement {first.sid or first.index + 1}"
