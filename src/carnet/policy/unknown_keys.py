"""Whether a decision could be another one if more of the request were known.

The rule is monotone: a further Allow that applies can only allow more, a further Deny only less. So the two outermost
readings of what is not known are enough: if they agree, no reading differs.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.context_keys import lookup
from carnet.policy.decide import gather, judge
from carnet.policy.policies import Policies
from carnet.policy.principals import Named
from carnet.policy.referenced_keys import keys_in, keys_of, keys_of_statement
from carnet.policy.request import Request
from carnet.policy.statement import Statement

IsUnknown = Callable[[str], bool]
"""Whether a condition key that the request does not have might be there if the whole of it were read."""


def depends_on_unknown(
    request: Request, policies: Policies, unknown: IsUnknown, *, rcp_services: frozenset[str] = RCP_SERVICES
) -> bool:
    """Whether the verdict of `policies` on `request` depends on keys that are `unknown`."""
    return bool(deciding_keys(request, policies, unknown, rcp_services=rcp_services))


def deciding_keys(
    request: Request, policies: Policies, unknown: IsUnknown, *, rcp_services: frozenset[str] = RCP_SERVICES
) -> frozenset[str]:
    """The `unknown` keys that the verdict depends on, as the policies spell them; empty if it depends on none."""

    def is_unknown(key: str) -> bool:
        return lookup(request.context, key) is None and unknown(key)

    if not any(is_unknown(key) for policy in policies.every() for key in policy.condition_keys):
        return frozenset()  # as nearly always: no statement is open
    found = tuple(gather(request, policies, rcp_services))
    bounded = policies.boundary is not None
    generous, strict, keys = [], [], set[str]()
    for level in found:
        open_ = [
            one for policy in level.policies for one in policy.statements if _is_open(one, request, bounded, is_unknown)
        ]
        keys.update(key for one in open_ for key in filter(is_unknown, keys_of_statement(one)))
        allows, denies = [one for one in open_ if one.granting], [one for one in open_ if not one.granting]
        generous.append(
            replace(level, denies=_without_statements(level.denies, denies), allows=(*level.allows, *allows))
        )
        strict.append(replace(level, denies=(*level.denies, *denies), allows=_without_statements(level.allows, allows)))
    sure = judge(request, policies, tuple(generous)).allowed == judge(request, policies, tuple(strict)).allowed
    return frozenset() if sure else frozenset(keys)


def _without_statements(statements: tuple[Statement, ...], others: list[Statement]) -> tuple[Statement, ...]:
    return tuple(statement for statement in statements if statement not in others)


def _is_open(statement: Statement, request: Request, bounded: bool, is_unknown: IsUnknown) -> bool:
    """Whether it depends on unknown keys alone if the statement applies."""
    if statement.problem or not statement.actions.matches(request.action):
        return False
    if statement.names(request, bounded=bounded) is Named.NOT:
        return False
    place_open = any(map(is_unknown, keys_in(statement.resources.patterns if statement.resources else ())))
    if not place_open and not statement.covers_resource(request):
        return False
    open_conditions = [one for one in statement.conditions if any(map(is_unknown, keys_of(one)))]
    known = [one for one in statement.conditions if one not in open_conditions]
    return bool(place_open or open_conditions) and all(one.met(request.context) for one in known)
