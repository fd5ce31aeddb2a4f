"""Which services permissions policies let somebody access, as AWS's reports of the last access understand it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html

It is not a decision: a condition of an Allow counts as met, that of a Deny as not met, and a Deny of some resources
leaves others. So what is found is what could be accessed, by these policies alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from carnet.base.faults import Refused
from carnet.catalog.actions import Outline, outlines
from carnet.policy.document import Policy
from carnet.policy.patterns import ascii_lower
from carnet.policy.statement import ActionPattern, Statement
from carnet.services.iam import report_sentences

_EVERYTHING = "*"
_MOST_MATCHES = 2_000_000
"""Actions times patterns that one report looks at: a second or two. The policies of a user may hold far more."""


class _Actions:
    """The Action or NotAction element of a statement, by service."""

    __slots__ = ("_all", "_by_service", "_negated", "_others")

    def __init__(self, statement: Statement) -> None:
        self._negated = statement.actions.negated
        self._by_service: dict[str, list[ActionPattern]] = defaultdict(list)
        self._others: list[ActionPattern] = []
        self._all = False
        for pattern in statement.actions.patterns:
            service, colon, _ = pattern.prefix.partition(":")
            if pattern.text == _EVERYTHING:
                self._all = True
            elif colon:
                self._by_service[service].append(pattern)
            else:
                self._others.append(pattern)

    def patterns(self, service: str) -> list[ActionPattern]:
        """The patterns that can match an action of the service."""
        return [*self._by_service.get(service, ()), *self._others]

    def matches(self, service: str, patterns: list[ActionPattern], action: str) -> bool:
        """Whether the element covers an action, in lower case and without its prefix; `patterns` are those of its
        service."""
        covered = self._all or any(pattern.glob.matches(f"{service}:{action}") for pattern in patterns)
        return covered != self._negated

    def touches(self, service: str) -> bool:
        """Whether the element names an action of the service, existing or not."""
        if self._negated:
            return not self._covers_whole(service)
        return self._all or bool(self.patterns(service))

    def is_whole(self, service: str) -> bool:
        """Whether the element covers every action of the service."""
        if self._negated:
            return not self._all and not self.patterns(service)
        return self._covers_whole(service)

    def _covers_whole(self, service: str) -> bool:
        whole = (_EVERYTHING, f"{service}:*")
        return self._all or any(ascii_lower(pattern.text) in whole for pattern in self.patterns(service))


class _Grants:
    """The statements of policies that allow, and those that certainly deny."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        statements = [statement for policy in policies for statement in policy.statements]
        self.allows = [(one, _Actions(one)) for one in statements if one.granting and not one.problem]
        self.denies = [_Actions(one) for one in statements if not one.granting and _is_unconditional_deny(one)]


def accessible_services(policies: Iterable[Policy], *, with_actions: bool) -> dict[str, list[str]]:
    """The namespaces of the services that the policies let somebody access, sorted.

    Each comes with all the actions that they allow, or with one of them. Raises Refused (InvalidInput) for policies
    that hold more patterns than a report looks at.
    """
    grants, budget = _Grants(policies), _Budget()
    found: dict[str, list[str]] = {}
    for service, outline in outlines().items():
        allowed = _allowed_actions(grants, service, outline, budget)
        first = next(allowed, None)
        if first is not None:
            found[service] = [first, *allowed] if with_actions else [first]
    return found


def _allowed_actions(grants: _Grants, service: str, outline: Outline, budget: _Budget) -> Iterator[str]:
    allows = [
        (actions, actions.patterns(service), _reaches(statement.source, outline))
        for statement, actions in grants.allows
        if actions.touches(service)
    ]
    allows = [one for one in allows if one[2]]
    denies = [(actions, actions.patterns(service)) for actions in grants.denies if actions.touches(service)]
    if not allows or any(actions.is_whole(service) for actions, _ in denies):
        return
    cost = 1 + sum(len(patterns) for _, patterns, _ in allows) + sum(len(patterns) for _, patterns in denies)
    for action, (name, without_resource) in outline.actions.items():
        budget.spend(cost)
        if any(
            (not without_resource or _EVERYTHING in reach) and actions.matches(service, patterns, action)
            for actions, patterns, reach in allows
        ) and not any(actions.matches(service, patterns, action) for actions, patterns in denies):
            yield name


class _Budget:
    def __init__(self) -> None:
        self._left = _MOST_MATCHES

    def spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise Refused("InvalidInput", report_sentences.TOO_MUCH_TO_REPORT)


def granting(policy: Policy, services: Iterable[str]) -> frozenset[str]:
    """The services to which one policy, looked at alone, lets somebody have access, by an action that exists or not.

    Only a Deny of the whole service on all resources takes it away.
    """
    grants = _Grants((policy,))
    return frozenset(service for service in services if _grants_access(grants, service, outlines()[service]))


def _grants_access(grants: _Grants, service: str, outline: Outline) -> bool:
    if any(actions.is_whole(service) for actions in grants.denies):
        return False
    return any(actions.touches(service) and _reaches(statement.source, outline) for statement, actions in grants.allows)


def _is_unconditional_deny(statement: Statement) -> bool:
    """Whether a Deny has no condition and covers all resources."""
    return not statement.conditions and _EVERYTHING in _element_values(statement.source, "Resource")


def _reaches(source: Mapping[str, Any], outline: Outline) -> tuple[str, ...]:
    """The resources of a statement that can be those of a service: `*`, or ARNs; empty if there are none."""
    if "NotResource" in source:
        return () if _EVERYTHING in _element_values(source, "NotResource") else (_EVERYTHING,)
    listed = _element_values(source, "Resource")
    if _EVERYTHING in listed:
        return (_EVERYTHING,)
    return tuple(text for text in listed if any(_can_match(text, pattern) for pattern in outline.resources))


def _can_match(text: str, pattern: str) -> bool:
    """Whether a resource of a statement could be one of an ARN pattern of the catalogue."""
    ours, theirs = text.split(":", 5), pattern.split(":", 5)
    if len(ours) < 6 or len(theirs) < 6:
        return any(sign in text for sign in "*?")
    service, resource = _literal_prefix(ours[2]), _literal_prefix(ours[5])
    if not (ours[2] == theirs[2] or (service != ours[2] and theirs[2].startswith(service))):
        return False
    other = _literal_prefix(theirs[5])
    return resource.startswith(other) or (resource != ours[5] and other.startswith(resource))


def _literal_prefix(text: str) -> str:
    """The text before the first wildcard or variable."""
    ends = [at for at in map(text.find, ("*", "?", "${")) if at >= 0]
    return text[: min(ends)] if ends else text


def _element_values(source: Mapping[str, Any], element: str) -> list[str]:
    value = source.get(element, [])
    return [value] if isinstance(value, str) else list(value)
