"""From the text of members to the ARN of a resource, and to the account that owns it.

INVARIANT: a name that would make the ARN of another resource is refused: it may have no colon, no wildcard, and no
slash unless names of its kind have paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from msgspec import Struct

from carnet.base.arns import parse_arn
from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Scope, Sought, invalid

ARN = "arn:"
_VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)
_CONTROL = r"\x00-\x1f\x7f-\x9f"
_NAME = re.compile(rf"[^:/*?{_CONTROL}]{{1,1024}}")
_PATH = re.compile(rf"[^:*?{_CONTROL}]{{1,2048}}")
_WITH_PATHS = frozenset(
    (
        *("LogGroupName", "LogStreamName", "RepositoryName", "EventBusName", "EventSourceName", "SecretId"),
        *("ParameterNameWithoutLeadingSlash", "RoleNameWithPath"),
    )
)
_ACCOUNT = "[0-9]{12}"


class Named(Struct, frozen=True, kw_only=True):
    """A resource that a request names."""

    type: str
    resource: str | Sought
    account: str | None
    shown: str | None = None
    """As `Check.shown`."""


Naming = Callable[[ResourceRule, Mapping[str, str], Scope], Named | None]
"""The pattern's variables, and what members hold, to the resource; None if it is of another type. May raise Refused."""
Reading = Callable[[ResourceRule, str, Scope], Named | None]
"""The same of a member that holds an ARN."""


def by_name(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    """The resource of the caller's account, or the one whose ARN stands in place of the only name.

    A variable that is not among the values is `*`.
    """
    if len(rule.members) == 1 and len(values) == 1 and (held := next(iter(values.values()))).startswith(ARN):
        return by_arn(rule, held, scope)
    for variable, value in values.items():
        pattern = _PATH if variable in _WITH_PATHS else _NAME
        if not pattern.fullmatch(value):
            raise invalid(f"{value[:100]!r} is not the name of a resource of type {rule.type}.")
    filled = filled_in(rule.arn, values, scope)
    return Named(type=rule.type, resource=filled, account=scope.account)


def by_arn(rule: ResourceRule, arn: str, scope: Scope) -> Named | None:
    """The resource of that ARN, in any account but in the request's Region; None if it is of another type."""
    found = _pattern(rule.arn, scope.partition, scope.region).fullmatch(arn)
    if found is None:
        return None
    parsed = parse_arn(arn)
    assert parsed is not None, "patterns of ARNs match ARNs"
    return Named(type=rule.type, resource=arn, account=parsed.account or scope.account)


def filled_in(pattern: str, values: Mapping[str, str], scope: Scope) -> str:
    """An ARN pattern with its variables filled in; those without a value are `*`."""
    known = {**values, "Partition": scope.partition, "Region": scope.region, "Account": scope.account}
    return _VARIABLE.sub(lambda found: known.get(found[1], "*"), pattern)


@lru_cache(4096)
def _pattern(arn: str, partition: str, region: str) -> re.Pattern[str]:
    """What the ARNs of one type match."""
    parts = _VARIABLE.split(arn)
    places = {"Partition": re.escape(partition), "Region": re.escape(region), "Account": _ACCOUNT}
    free = {name: (_PATH if name in _WITH_PATHS else _NAME).pattern for name in parts[1::2]}
    filled = [places.get(name, free[name]) for name in parts[1::2]]
    return re.compile(
        "".join(re.escape(literal) + rest for literal, rest in zip(parts[::2], [*filled, ""], strict=True))
    )
