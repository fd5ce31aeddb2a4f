"""One statement of a policy, and when it applies to a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct

from carnet.policy.conditions import Condition
from carnet.policy.context_keys import lookup
from carnet.policy.decision import StatementRef
from carnet.policy.patterns import Glob, ascii_lower, glob, literal_prefix, wildcard_tokens
from carnet.policy.principals import Named, PrincipalElement
from carnet.policy.request import Context, Request, Value
from carnet.policy.resources import ArnPattern


class Effect(StrEnum):
    """The effect of a statement on the requests that it applies to."""

    ALLOW = "Allow"
    DENY = "Deny"


class ActionPattern(Struct, frozen=True):
    """`s3:Get*`. Actions are compared without regard to ASCII case."""

    text: str
    glob: Glob
    prefix: str
    """The text that every matching action begins with, in lower case."""

    def matches(self, action: str) -> bool:
        return self.glob.matches(ascii_lower(action))


def action_pattern(text: str) -> ActionPattern:
    """Parse one value of an Action element."""
    tokens = wildcard_tokens(ascii_lower(text))
    return ActionPattern(text, glob(tokens), literal_prefix(tokens))


class ActionElement(Struct, frozen=True, kw_only=True):
    """`Action`, or if `negated`, `NotAction`."""

    patterns: tuple[ActionPattern, ...]
    negated: bool = False

    def matches(self, action: str) -> bool:
        return any(pattern.matches(action) for pattern in self.patterns) != self.negated


class ResourceElement(Struct, frozen=True, kw_only=True):
    """`Resource`, or if `negated`, `NotResource`."""

    patterns: tuple[ArnPattern, ...]
    negated: bool = False

    def matches(self, resource: str, context: Context, *, granting: bool) -> bool:
        """Whether the element covers `resource`. `granting` is set for the element of an Allow.

        A pattern with a variable that cannot be resolved matches nothing. In a NotResource, an Allow would then grant
        because something is not known; so there the element does not match.
        """

        def look(key: str) -> Value | None:
            return lookup(context, key)

        matches = [pattern.matches(resource, look) for pattern in self.patterns]
        if self.negated and granting and None in matches:
            return False
        return (True in matches) != self.negated


class Statement(Struct, frozen=True, kw_only=True, eq=False):
    """One statement. Two statements are equal only if they are the same object.

    A statement without `principals` applies to the principal that the policy is attached to; one without `resources` to
    the resource that the policy belongs to.
    """

    ref: StatementRef
    effect: Effect
    actions: ActionElement
    resources: ResourceElement | None = None
    principals: PrincipalElement | None = None
    conditions: tuple[Condition, ...] = ()
    source: Mapping[str, Any]
    """The statement's elements as written, in plain JSON values."""
    problem: str = ""
    """Why the statement is not understood and fails closed: an Allow then applies to nothing, a Deny to everything that
    its other elements cover. Empty if it is understood."""

    @property
    def parts(self) -> int:
        """How many objects it consists of. Each takes about 2 KB of memory at most, and as much again when compiled."""
        elements = len(self.actions.patterns)
        elements += len(self.resources.patterns) if self.resources is not None else 0
        elements += len(self.principals.values) if self.principals is not None else 0
        return 1 + elements + sum(condition.parts for condition in self.conditions)

    @property
    def granting(self) -> bool:
        return self.effect is Effect.ALLOW

    def names(self, request: Request, *, bounded: bool) -> Named:
        """How the statement names the caller."""
        if self.principals is None:
            return Named.DIRECTLY
        return self.principals.names(request.principal, bounded=bounded)

    def covers_resource(self, request: Request) -> bool:
        """Whether the Resource or NotResource element covers the request's resource."""
        if self.resources is None:
            return True
        return self.resources.matches(request.resource, request.context, granting=self.granting)

    def applies(self, request: Request, *, bounded: bool = False) -> bool:
        """Whether every element matches; `bounded` if a permissions boundary is attached to the caller."""
        return (
            self.actions.matches(request.action)
            and self.names(request, bounded=bounded) is not Named.NOT
            and self.covers_resource(request)
            and all(condition.met(request.context) for condition in self.conditions)
        )
