"""Explains a decision: every layer, every statement with the elements that did not match, every condition with its
values.

`explain` asks the written rule and then each statement's elements one by one.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from msgspec import Struct, structs

from carnet.base.printable import printable
from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.comparisons import Wanted, WantedArn, WantedPattern, WantedText
from carnet.policy.conditions import Condition
from carnet.policy.context_keys import lookup
from carnet.policy.decide import OF_RESOURCE, UNWEIGHED, Found, gather, is_too_much, judge
from carnet.policy.decision import Decision, Layer, StatementRef, Verdict
from carnet.policy.policies import Policies
from carnet.policy.principals import Named
from carnet.policy.request import PrincipalKind, Request, Value
from carnet.policy.statement import Effect, Statement
from carnet.policy.variables import Lookup


class ConditionTrace(Struct, frozen=True, kw_only=True):
    """One condition: the values that the policy wants, and the value that the request has."""

    operator: str
    key: str
    wanted: tuple[str, ...]
    resolved: tuple[str | None, ...]
    """The wanted values with their policy variables filled in; None for one that cannot be resolved."""
    actual: Value | None
    """None if the request does not have the key."""
    met: bool
    lacks_set_operator: bool
    """Not met because the key is multivalued and the operator has neither ForAllValues nor ForAnyValue."""
    hidden: bool = False
    """Whether the request's value is left out, because the reader may not see it."""

    @property
    def missing(self) -> bool:
        return self.actual is None and not self.hidden

    def as_dict(self) -> dict[str, Any]:
        """The condition in JSON values."""
        actual = list(self.actual) if isinstance(self.actual, tuple) else self.actual
        return {
            "operator": self.operator,
            "key": self.key,
            "wanted": list(self.wanted),
            "resolved": list(self.resolved),
            "actual": actual,
            "missing": self.missing,
            "met": self.met,
            "lacksSetOperator": self.lacks_set_operator,
        }


class ResourceTrace(Struct, frozen=True, kw_only=True):
    """One pattern with policy variables in a Resource or NotResource element."""

    pattern: str
    resolved: str | None
    """The pattern with its variables filled in; None if one cannot be resolved, and the pattern matches nothing."""

    def as_dict(self) -> dict[str, Any]:
        """The pattern in JSON values."""
        return {"pattern": self.pattern, "resolved": self.resolved}


class StatementTrace(Struct, frozen=True, kw_only=True):
    """One statement: the elements that do not match the request, none if it applies."""

    ref: StatementRef
    effect: Effect
    mismatched: tuple[str, ...]
    """Of Action, NotAction, Principal, NotPrincipal, Resource, NotResource, Condition, in this order."""
    conditions: tuple[ConditionTrace, ...]
    resources: tuple[ResourceTrace, ...]
    delegates: bool
    """Whether it is an Allow of the resource's policy that applies and names only the account, so that the account's
    own policies decide."""
    problem: str = ""
    """Why the statement is not understood and fails closed; empty for one that is."""

    @property
    def applies(self) -> bool:
        return not self.mismatched

    def as_dict(self) -> dict[str, Any]:
        """The statement in JSON values."""
        return {
            **ref_as_dict(self.ref),
            "effect": self.effect.value,
            "applies": self.applies,
            "delegates": self.delegates,
            "problem": self.problem or None,
            "mismatched": list(self.mismatched),
            "resources": [resource.as_dict() for resource in self.resources],
            "conditions": [condition.as_dict() for condition in self.conditions],
        }


class LayerTrace(Struct, frozen=True, kw_only=True):
    """One layer, or one level of an organization. Level 0 is that of the root."""

    layer: Layer
    level: int
    verdict: Verdict | None
    """None if it is hidden."""
    policies: tuple[str, ...]
    """The sources of its policies; none if there are no policies in the layer."""
    attached: tuple[str, ...] = ()
    """How each policy is attached to the principal (`attached to group admins`) or to the level; empty if not known."""
    statements: tuple[StatementTrace, ...]
    foreign: bool = False
    """Whether it is a policy of the resource in another account than the resource, whose Allow is not the owner's
    consent."""
    hidden: bool = False
    """Whether its policies and statements are left out, because the reader may not see them."""

    @property
    def delegates(self) -> bool:
        """Whether it allows only the account; not known if it is hidden."""
        if self.hidden:
            return False
        allows = [one for one in self.statements if one.applies and one.effect is Effect.ALLOW]
        return self.verdict is Verdict.ALLOWED and all(one.delegates for one in allows)

    def as_dict(self) -> dict[str, Any]:
        """The layer in JSON values."""
        return {
            "layer": self.layer.value,
            "level": self.level,
            "verdict": self.verdict.value if self.verdict is not None else None,
            "policies": list(self.policies),
            "attached": list(self.attached),
            "foreign": self.foreign,
            "statements": [statement.as_dict() for statement in self.statements],
        }


class Trace(Struct, frozen=True, kw_only=True):
    """A decision and everything that led to it."""

    request: Request
    decision: Decision
    layers: tuple[LayerTrace, ...]

    def as_dict(self) -> dict[str, Any]:
        """The trace in JSON values."""
        return {
            "request": {
                "principal": self.request.principal.arn,
                "action": self.request.action,
                "resource": self.request.resource,
            },
            "verdict": self.decision.verdict.value,
            "layer": self.decision.layer.value if self.decision.layer is not None else None,
            "problem": self.decision.problem or None,
            "statements": [ref_as_dict(ref) for ref in self.decision.statements],
            "layers": [layer.as_dict() for layer in self.layers],
        }

    def hiding(self, hidden: Collection[Layer]) -> Trace:
        """The trace without the statements and the names of the policies of some layers."""
        decision = self.decision
        return structs.replace(
            self,
            decision=structs.replace(decision, statements=()) if decision.layer in hidden else decision,
            layers=tuple(
                structs.replace(layer, policies=(), attached=(), statements=(), hidden=True)
                if layer.layer in hidden and layer.policies
                else layer
                for layer in self.layers
            ),
        )

    def render(self) -> str:
        """The trace for people, without a newline at the end."""
        return "\n".join((*_headline(self), *(line for layer in self.layers for line in _layer_lines(layer))))


def explain(request: Request, policies: Policies, *, rcp_services: frozenset[str] = RCP_SERVICES) -> Trace:
    """The decision of `decide` for the same arguments, with its reasons."""
    if is_too_much(request, policies, rcp_services):
        return Trace(request=request, decision=UNWEIGHED, layers=())
    found = tuple(gather(request, policies, rcp_services))
    bounded = policies.boundary is not None
    decision = judge(request, policies, found)
    layers = tuple(
        _layer(
            one,
            level=_level(found, index),
            request=request,
            bounded=bounded,
            attached=_attached_to(policies, one.layer, _level(found, index)),
        )
        for index, one in enumerate(found)
    )
    return Trace(request=request, decision=decision, layers=_with_absent(layers, decision.layer))


def ref_as_dict(ref: StatementRef) -> dict[str, Any]:
    """Where a statement stands, in JSON values."""
    return {"policy": ref.policy, "index": ref.index, "sid": ref.sid, "line": ref.line, "column": ref.column}


def _with_absent(layers: tuple[LayerTrace, ...], deciding: Layer | None) -> tuple[LayerTrace, ...]:
    """The layers, with an empty one for the resource's policy if there is none and one would have had to allow."""
    if deciding not in OF_RESOURCE or any(one.layer is deciding for one in layers):
        return layers
    before = sum(one.layer in (Layer.RCP, Layer.SCP) for one in layers)
    absent = LayerTrace(layer=deciding, level=0, verdict=Verdict.IMPLICIT_DENY, policies=(), statements=())
    return (*layers[:before], absent, *layers[before:])


def _level(found: tuple[Found, ...], index: int) -> int:
    return sum(one.layer is found[index].layer for one in found[:index])


def _attached_to(policies: Policies, layer: Layer, level: int) -> tuple[str, ...]:
    if layer is Layer.IDENTITY:
        return policies.attached
    levels = {Layer.SCP: policies.scp_attached, Layer.RCP: policies.rcp_attached}.get(layer, ())
    return levels[level] if level < len(levels) else ()


def _layer(found: Found, *, level: int, request: Request, bounded: bool, attached: tuple[str, ...]) -> LayerTrace:
    return LayerTrace(
        layer=found.layer,
        level=level,
        verdict=found.verdict,
        policies=tuple(policy.source for policy in found.policies),
        attached=attached,
        statements=tuple(
            _statement(statement, found.layer, request, bounded)
            for policy in found.policies
            for statement in policy.statements
        ),
        foreign=found.foreign,
    )


def _statement(statement: Statement, layer: Layer, request: Request, bounded: bool) -> StatementTrace:
    named = statement.names(request, bounded=bounded)
    conditions = tuple(_trace_condition(condition, request) for condition in statement.conditions)
    matched = {
        "NotAction" if statement.actions.negated else "Action": statement.actions.matches(request.action),
        _principal_name(statement): named is not Named.NOT,
        _resource_name(statement): statement.covers_resource(request),
        "Condition": all(condition.met for condition in conditions),
    }
    to_account = layer in OF_RESOURCE and named is Named.ACCOUNT and request.principal.kind is not PrincipalKind.ROOT
    return StatementTrace(
        ref=statement.ref,
        effect=statement.effect,
        mismatched=tuple(name for name, matches in matched.items() if not matches),
        conditions=conditions,
        resources=_resources(statement, request),
        delegates=to_account and statement.granting and all(matched.values()),
        problem=statement.problem,
    )


def _resources(statement: Statement, request: Request) -> tuple[ResourceTrace, ...]:
    patterns = statement.resources.patterns if statement.resources is not None else ()
    look = partial(lookup, request.context)
    return tuple(
        ResourceTrace(pattern=pattern.text, resolved=pattern.resolved(look)) for pattern in patterns if pattern.variable
    )


def _principal_name(statement: Statement) -> str:
    return "NotPrincipal" if statement.principals is not None and statement.principals.negated else "Principal"


def _resource_name(statement: Statement) -> str:
    return "NotResource" if statement.resources is not None and statement.resources.negated else "Resource"


def _trace_condition(condition: Condition, request: Request) -> ConditionTrace:
    actual = lookup(request.context, condition.key)
    return ConditionTrace(
        operator=condition.use.text,
        key=condition.key,
        wanted=tuple(wanted.text for wanted in condition.values),
        resolved=tuple(_resolve(wanted, partial(lookup, request.context)) for wanted in condition.values),
        actual=actual,
        met=condition.met(request.context),
        lacks_set_operator=condition.lacks_set_operator(actual),
    )


def _resolve(wanted: Wanted, look: Lookup) -> str | None:
    if isinstance(wanted, WantedArn):
        return wanted.pattern.resolved(look)
    return wanted.template.resolved(look) if isinstance(wanted, WantedText | WantedPattern) else wanted.text


def _headline(trace: Trace) -> tuple[str, ...]:
    decision = trace.decision
    by = f" by {decision.layer}" if decision.layer is not None else ""
    why = f": {decision.problem}" if decision.problem else ""
    request = trace.request
    return (
        f"{decision.verdict}{by}{why}",
        f"  principal {printable(request.principal.arn or request.principal.provider or request.principal.kind)}",
        f"  action    {printable(request.action)}",
        f"  resource  {printable(request.resource)}",
    )


def _layer_lines(layer: LayerTrace) -> list[str]:
    level = f", level {layer.level}" if layer.layer in (Layer.SCP, Layer.RCP) else ""
    account = ", in another account than the resource, for which it cannot allow" if layer.foreign else ""
    delegated = ", to the account only" if layer.delegates else ""
    lines = [f"{layer.layer}{level}{account}: {layer.verdict or 'not shown'}{delegated}"]
    if layer.hidden:
        lines.append(f"  policies that are not shown, since {_why_hidden(layer)}")
    elif not layer.statements:
        lines.append("  no policy")
    # A policy that is attached in two ways is twice in the layer.
    for policy, how in dict.fromkeys(zip(layer.policies, layer.attached, strict=False)):
        lines.append(f"  {printable(policy)} is {printable(how)}")
    for statement in layer.statements:
        lines += _statement_lines(statement)
    return lines


def _why_hidden(layer: LayerTrace) -> str:
    if layer.layer in (*OF_RESOURCE, Layer.SCP, Layer.RCP):
        return "they are not the account's own"
    return "what they say follows from keys of another account's resource"


def _statement_lines(statement: StatementTrace) -> list[str]:
    ref = statement.ref
    place = f"{printable(ref.policy)} statement {ref.index}" + (f" ({printable(ref.sid)})" if ref.sid else "")
    place += f" at {ref.line}:{ref.column}" if ref.line else ""
    outcome = "applies" if statement.applies else f"does not match: {', '.join(statement.mismatched)}"
    if statement.delegates:
        outcome += " and names the account, whose own policies decide"
    if statement.problem:
        outcome += f"; it is not understood ({printable(statement.problem)}) and fails closed"
    return [
        f"  {statement.effect} in {place}: {outcome}",
        *(f"    resource {_with_value(resource.pattern, resource.resolved)}" for resource in statement.resources),
        *map(_condition_line, statement.conditions),
    ]


def _condition_line(condition: ConditionTrace) -> str:
    actual = "missing" if condition.actual is None else _values(condition.actual)
    actual = "not shown" if condition.hidden else actual
    met = "met" if condition.met else "not met"
    wanted = ", ".join(map(_with_value, condition.wanted, condition.resolved))
    why = "; the key is multivalued and needs ForAllValues or ForAnyValue" if condition.lacks_set_operator else ""
    return f"    {met}: {condition.operator} {printable(condition.key)} wants [{wanted}], is {actual}{why}"


def _with_value(text: str, resolved: str | None) -> str:
    """A text of a policy, and its value in this request if it has variables."""
    if resolved is None:
        return f"{_quote(text)} (cannot be resolved)"
    return _quote(text) if text == resolved else f"{_quote(text)} (here {_quote(resolved)})"


def _values(values: Value) -> str:
    return _quote(values) if isinstance(values, str) else f"[{', '.join(map(_quote, values))}]"


def _quote(text: str) -> str:
    return f'"{printable(text)}"'
