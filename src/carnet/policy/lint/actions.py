"""Actions that no service has, and patterns that match none.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
"""

from __future__ import annotations

from collections.abc import Iterator

from carnet.policy.lint.facts import Facts
from carnet.policy.lint.finding import Finding, IssueCode
from carnet.policy.lint.near import nearest
from carnet.policy.patterns import ascii_lower
from carnet.policy.resources import EVERYTHING
from carnet.policy.statement import action_pattern

_WILDCARDS = frozenset("*?")


def check_action(action: str, path: str, facts: Facts) -> Iterator[Finding]:
    """What is wrong with an action of a policy, which may hold wildcards."""
    service, _, name = action.partition(":")
    if action == EVERYTHING:
        return
    if _WILDCARDS.isdisjoint(service):
        yield from _in_service(action, ascii_lower(service), name, path, facts)
    elif not any(_matches(action, each, facts) for each in facts.services()):
        yield _no_match(action, path)


def _in_service(action: str, service: str, name: str, path: str, facts: Facts) -> Iterator[Finding]:
    known = facts.actions(service)
    if not known:
        meant = nearest(service, facts.services())
        message = f"The service {service} specified in the action {action} does not exist."
        yield Finding(code=IssueCode.INVALID_SERVICE_IN_ACTION, path=path, message=message, meant=meant)
    elif not _WILDCARDS.isdisjoint(name):
        if not _matches(action, service, facts):
            yield _no_match(action, path)
    elif ascii_lower(name) not in known:
        meant = nearest(name, known.values())
        yield Finding(
            code=IssueCode.INVALID_ACTION,
            path=path,
            message=f"The action {action} does not exist.",
            meant=f"{service}:{meant}" if meant else "",
        )


def _matches(action: str, service: str, facts: Facts) -> bool:
    pattern = action_pattern(action)
    return any(pattern.matches(f"{service}:{name}") for name in facts.actions(service))


def _no_match(action: str, path: str) -> Finding:
    message = f"The action {action} with its wildcards matches no action that exists."
    return Finding(code=IssueCode.INVALID_ACTION, path=path, message=message)
