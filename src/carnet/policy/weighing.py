"""Weighs what residuals hold, as the written rule weighs whole layers.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from carnet.policy.bag import IMPLICIT_DENY, Bag
from carnet.policy.context_reader import ContextReader
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.entry import Entry
from carnet.policy.principals import Named
from carnet.policy.residual import Residual

ALLOWED_WITHOUT_STATEMENT = Decision(verdict=Verdict.ALLOWED, layer=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How principal, resource and action stand to each other."""

    outsider: bool
    """The principal is of no account: it has no policies of its own."""
    root: bool
    same_account: bool
    resource_trusts: bool
    """Nobody has access but by the resource's own policy."""
    of_resource: Layer


@cache
def situation(outsider: bool, root: bool, same_account: bool, resource_trusts: bool, trust: bool) -> Situation:
    """One of the few situations there are."""
    return Situation(
        outsider=outsider,
        root=root,
        same_account=same_account,
        resource_trusts=resource_trusts,
        of_resource=Layer.TRUST if trust else Layer.RESOURCE,
    )


def weigh(own: Residual, side: Residual | None, case: Situation, reader: ContextReader) -> Decision:
    """The decision of the principal's own layers with the resource's (`side`), where there is a policy of it."""
    denied = _deny(own.outer_denies, reader)
    if denied is None and side is not None:
        denied = _deny(side.inner_denies, reader)
    denied = denied or _deny(own.inner_denies, reader) or _closed(own.gates, reader)
    if denied is not None:
        return denied
    decision = _both_sides(own, side, case, reader)
    if own.endpoints and decision.verdict is Verdict.ALLOWED:
        return _closed(own.endpoints, reader) or decision
    return decision


def _deny(bags: Iterable[Bag], reader: ContextReader) -> Decision | None:
    for bag in bags:
        found = bag.matched(reader)
        if found:
            return bag.decision(found)
    return None


def _closed(gates: Iterable[Bag], reader: ContextReader) -> Decision | None:
    """The implicit deny of the first gate that nothing opens."""
    for gate in gates:
        if not gate.matched(reader):
            return gate.closed
    return None


def _both_sides(own: Residual, side: Residual | None, case: Situation, reader: ContextReader) -> Decision:
    if side is None:
        return _own_side(own, None, (), Named.NOT, case, reader)
    matched = side.grants.matched(reader)
    named = max((entry.grade for entry in matched), default=Named.NOT)
    trusting = [entry for entry in matched if entry.grade is named]
    if trusting and (case.outsider or (case.same_account and named is Named.DIRECTLY)):
        return side.grants.decision(trusting)
    return _own_side(own, side, trusting, named, case, reader)


def _own_side(
    own: Residual,
    side: Residual | None,
    trusting: Iterable[Entry],
    named: Named,
    case: Situation,
    reader: ContextReader,
) -> Decision:
    """What the principal's own layers say, the resource naming it `named` in `trusting` statements."""
    if case.outsider or (named is Named.NOT and (case.resource_trusts or not case.same_account)):
        return IMPLICIT_DENY[case.of_resource]
    granted = own.grants.matched(reader)
    if not granted and not case.root and not (case.same_account and named is Named.ROLE):
        return IMPLICIT_DENY[Layer.IDENTITY]
    closed = _closed(own.caps, reader) if own.caps else None
    if closed is not None:
        return closed
    if granted:
        return own.grants.decision(granted)
    found = list(trusting)
    return side.grants.decision(found) if side is not None and found else ALLOWED_WITHOUT_STATEMENT
