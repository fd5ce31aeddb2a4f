"""Weighs what residuals hold (`residual.py`), as the written rule weighs whole layers.

To weigh is to make one decision of what all layers say: an explicit deny of any layer first, then what has to allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.engine.context_reader import ContextReader
from carnet.policy.engine.effect_entries import IMPLICIT_DENY, EffectEntries
from carnet.policy.engine.residual import Residual
from carnet.policy.principals import Named

ALLOWED_WITHOUT_STATEMENT = Decision(verdict=Verdict.ALLOWED, layer=None)
_NO_IDENTITY_GRANT = IMPLICIT_DENY[Layer.IDENTITY]

# In Python 3.11 a member of an enumeration is found far slower through its class.
_ALLOWED, _NOT, _ROLE, _DIRECTLY = Verdict.ALLOWED, Named.NOT, Named.ROLE, Named.DIRECTLY


@dataclass(frozen=True, slots=True)
class Situation:
    """How principal, resource and action stand to each other."""

    outsider: bool
    """The principal is of no account: it has no policies of its own."""
    root: bool
    same_account: bool
    resource_trusts: bool
    """Nobody has access but by the resource's own policy."""
    trust: bool
    """The resource's policy is a role's trust policy."""

    @property
    def simple(self) -> bool:
        """Whether nothing counts but the principal's own layers and what they allow."""
        return self.same_account and not (self.outsider or self.root or self.resource_trusts)


situation = cache(Situation)
"""One of the few situations there are."""


def weigh(own: Residual, side: Residual | None, case: Situation, owner: str, reader: ContextReader) -> Decision:
    """The decision of the principal's own layers with the resource's (`side`), if there is a policy of it.

    `owner` is the account that owns the resource.
    """
    denies = own.denies if side is None else own.outer_denies + side.inner_denies + own.inner_denies
    denied = _explicit_deny(denies, reader) or _closed_gate(own.gates, reader)
    if denied is not None:
        return denied
    decision = _own_side(own, case, reader) if side is None else _both_sides(own, side, case, owner, reader)
    if own.endpoints and decision.verdict is _ALLOWED:
        return _closed_gate(own.endpoints, reader) or decision
    return decision


def weigh_simply(own: Residual, reader: ContextReader) -> Decision:
    """The same for a simple situation without a resource's policy, the most frequent of all."""
    if not own.plain:
        denied = _explicit_deny(own.denies, reader) or _closed_gate(own.gates, reader)
        if denied is not None:
            return denied
    granted = own.grants.decide(reader) or _NO_IDENTITY_GRANT
    if own.plain or granted is _NO_IDENTITY_GRANT:
        return granted
    return _closed_gate(own.limits, reader) or granted


def _explicit_deny(denies: Iterable[EffectEntries], reader: ContextReader) -> Decision | None:
    """The explicit deny of the first layer that has one."""
    for entries in denies:
        denied = entries.decide(reader)
        if denied is not None:
            return denied
    return None


def _closed_gate(gates: Iterable[EffectEntries], reader: ContextReader) -> Decision | None:
    """The implicit deny of the first gate that nothing opens."""
    for gate in gates:
        if not gate.opens(reader):
            return gate.closed
    return None


def _both_sides(own: Residual, side: Residual, case: Situation, owner: str, reader: ContextReader) -> Decision:
    matched = [entry for entry in side.grants.matched(reader) if entry.account in ("", owner)]
    named = max([entry.grade for entry in matched], default=_NOT)
    trusting = [entry for entry in matched if entry.grade is named]
    if trusting and case.outsider:
        return side.grants.decision(trusting)
    if trusting and case.same_account and named is _DIRECTLY:
        boundary = [cap for cap in own.caps if cap.layer is Layer.BOUNDARY] if case.trust else ()
        return _closed_gate(boundary, reader) or side.grants.decision(trusting)
    decision = _own_side(own, case, reader, named)
    return side.grants.decision(trusting) if trusting and decision is ALLOWED_WITHOUT_STATEMENT else decision


def _own_side(own: Residual, case: Situation, reader: ContextReader, named: Named = _NOT) -> Decision:
    """What the principal's own layers say, the resource's policy naming it `named`."""
    if case.outsider or (named is _NOT and (case.resource_trusts or not case.same_account)):
        return IMPLICIT_DENY[Layer.TRUST if case.trust else Layer.RESOURCE]
    granted = own.grants.decide(reader)
    if granted is None and not case.root and not (case.same_account and named is _ROLE):
        return _NO_IDENTITY_GRANT
    return _closed_gate(own.caps, reader) or granted or ALLOWED_WITHOUT_STATEMENT
