"""The rules by hand for a service, beside the table of its operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from carnet.gateway.checks.check import INVALID, Asked, Check
from carnet.gateway.checks.members import value_of
from carnet.gateway.checks.naming import Naming, Reading
from carnet.policy.request import Value

Rule = Callable[[Asked], Iterable[Check]]
"""The checks of one operation. May raise Refused."""


class Unknown(Enum):
    """The value of a condition key that the members do not tell."""

    UNKNOWN = "unknown"


Filler = Callable[[Asked, Check], Value | Unknown | None]
"""The value of a condition key; None if the request does not have the key. May raise Refused."""
TemplateFiller = Callable[[Asked, Check], Mapping[str, Value]]
"""What stands for the open part of a key (`aws:RequestTag/${TagKey}`) to the value."""


def everything(asked: Asked, action: str) -> Check:
    """The check of an action that has no resource."""
    return Check(action=action, resource="*", account=asked.scope.account)


def untold(asked: Asked, action: str) -> Check:
    """As `everything`, for a service whose denials then name no resource, as recorded from AWS."""
    return replace(everything(asked, action), shown="")


class Hand(Struct, frozen=True, kw_only=True):
    """The rules for one service."""

    operations: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    """Operations for which the table does not say enough."""
    names: Mapping[str, Naming] = field(default_factory=dict[str, Naming])
    """Resource types whose names are not as they stand in ARNs."""
    arns: Mapping[str, Reading] = field(default_factory=dict[str, Reading])
    """Resource types that other ARNs stand for."""
    defaults: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables of ARN patterns to what is meant if a request does not say it."""
    keys: Mapping[str, Filler] = field(default_factory=dict[str, Filler])
    templates: Mapping[str, TemplateFiller] = field(default_factory=dict[str, TemplateFiller])
    invalid: str = INVALID
    """The code of the service's error for input that it would refuse (`check.invalid`)."""
    on_nothing: Callable[[Asked, str], Check] = everything
    """The check of an action that the table has no resource for."""


def member(name: str) -> Filler:
    """A key whose value is a member of the input."""
    return lambda asked, check: value_of(asked.members.get(name))


def flag(name: str) -> Filler:
    """A key whose value is a Boolean member of the input, false if it is not there."""
    return lambda asked, check: value_of(asked.members.get(name)) or "false"


def of_action(action: str, filler: Filler) -> Filler:
    """A key that the request tells for one action; for other actions it belongs to the resource."""
    return lambda asked, check: filler(asked, check) if check.action == action else Unknown.UNKNOWN


def constant(value: Value | None) -> Filler:
    """A key with a constant value; with None, a key that requests never have."""
    return lambda asked, check: value
