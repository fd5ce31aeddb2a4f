"""What of a decision on another account's resource is told in the account that called.

Neither the policies of the resource, nor what they say, nor the resource's own condition keys, such as its tags. Of a
role nothing tells whether it is there, as AWS's denial of sts:AssumeRole tells nothing.
"""

from __future__ import annotations

from msgspec import structs

from carnet.policy.context_keys import RESOURCE_PREFIX, RESOURCE_TAG
from carnet.policy.decision import OF_ORGANIZATION, Decision, Layer, StatementRef, Verdict
from carnet.policy.patterns import ascii_lower
from carnet.policy.request import PrincipalKind
from carnet.policy.resources import asks_a_trust_policy
from carnet.policy.statement import Effect
from carnet.policy.trace import ConditionTrace, LayerTrace, ResourceTrace, StatementTrace, Trace

_OF_RESOURCE = (Layer.RCP, Layer.RESOURCE, Layer.TRUST)
_BY_TRUST = Decision(verdict=Verdict.IMPLICIT_DENY, layer=Layer.TRUST)


def own_side(trace: Trace) -> Trace:
    """The trace as those see it who called, and do not own the resource."""
    assumes = asks_a_trust_policy(trace.request.action, trace.request.resource)
    of_resource = _hidden(Layer.TRUST if assumes else Layer.RESOURCE)
    own = tuple(_conceal(layer) for layer in trace.layers if layer.layer not in _OF_RESOURCE)
    decision = trace.decision
    if decision.layer in _OF_RESOURCE:
        decision = structs.replace(decision, statements=())
    if not assumes or decision.allowed:
        return structs.replace(trace, decision=decision, layers=(of_resource, *own))
    if tells := any(map(_asks_for_the_resource, own)):
        # What the own policies say follows from the role, too: whether it is there, and how it is tagged.
        own = tuple(_hidden(layer.layer, layer.level) for layer in own)
    if decision.layer not in OF_ORGANIZATION:
        decision = _BY_TRUST if tells else _own_denial(trace, own)
    return structs.replace(trace, decision=decision, layers=(of_resource, *own))


def _own_denial(trace: Trace, own: tuple[LayerTrace, ...]) -> Decision:
    """The denial of a request that the own policies deny or, if they do not, the trust policy."""
    for layer in own:
        if layer.verdict is Verdict.EXPLICIT_DENY:
            return Decision(verdict=Verdict.EXPLICIT_DENY, layer=layer.layer, statements=_denying_statements(layer))
    root = trace.request.principal.kind is PrincipalKind.ROOT
    for layer in own:
        if layer.verdict is not Verdict.ALLOWED and not (root and layer.layer is Layer.IDENTITY):
            return Decision(verdict=Verdict.IMPLICIT_DENY, layer=layer.layer)
    return _BY_TRUST


def _denying_statements(layer: LayerTrace) -> tuple[StatementRef, ...]:
    return tuple(one.ref for one in layer.statements if one.applies and one.effect is Effect.DENY)


def _hidden(layer: Layer, level: int = 0) -> LayerTrace:
    return LayerTrace(layer=layer, level=level, verdict=None, policies=(), statements=(), hidden=True)


def _conceal(layer: LayerTrace) -> LayerTrace:
    return structs.replace(layer, statements=tuple(map(_concealed_statement, layer.statements)))


def _concealed_statement(statement: StatementTrace) -> StatementTrace:
    return structs.replace(
        statement,
        conditions=tuple(map(_concealed_condition, statement.conditions)),
        resources=tuple(map(_concealed_resource, statement.resources)),
    )


def _concealed_condition(condition: ConditionTrace) -> ConditionTrace:
    pairs = zip(condition.wanted, condition.resolved, strict=True)
    resolved = tuple(text if _names_the_resource(text) else found for text, found in pairs)
    if not _is_of_the_resource(condition.key):
        return structs.replace(condition, resolved=resolved)
    return structs.replace(condition, resolved=resolved, actual=None, hidden=True)


def _concealed_resource(resource: ResourceTrace) -> ResourceTrace:
    return structs.replace(resource, resolved=resource.pattern) if _names_the_resource(resource.pattern) else resource


def _asks_for_the_resource(layer: LayerTrace) -> bool:
    return any(
        _is_of_the_resource(condition.key) or any(map(_names_the_resource, condition.wanted))
        for statement in layer.statements
        for condition in statement.conditions
    ) or any(_names_the_resource(one.pattern) for statement in layer.statements for one in statement.resources)


def _is_of_the_resource(key: str) -> bool:
    folded = ascii_lower(key)
    return folded.startswith(RESOURCE_PREFIX) or folded.partition(":")[2].startswith(RESOURCE_TAG)


def _names_the_resource(text: str) -> bool:
    """Whether a variable in it may stand for a key of the resource."""
    return any(_is_of_the_resource(part.strip()) for part in text.split("${")[1:])
