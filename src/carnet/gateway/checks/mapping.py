"""The checks that a parsed request needs, or the reason why they are not known.

INVARIANT: pure, and raises nothing. What no rule describes is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from carnet.catalog import actions
from carnet.gateway.checks import tagged
from carnet.gateway.checks.check import INVALID, Asked, Check, Members, Refusal, Refused, Scope
from carnet.gateway.checks.common import COMMON
from carnet.gateway.checks.hand import Filler, Hand, TemplateFiller, Unknown
from carnet.gateway.checks.services import (
    dynamodb,
    events,
    kms,
    lambda_,
    logs,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    stepfunctions,
)
from carnet.gateway.checks.table import from_table
from carnet.gateway.checks.tagged import tagging

HANDS: Mapping[str, Hand] = {
    "dynamodb": dynamodb.HAND,
    "ec2": tagged.EC2,
    "events": events.HAND,
    "kms": kms.HAND,
    "lambda": lambda_.HAND,
    "logs": logs.HAND,
    "s3": s3.HAND,
    "secretsmanager": secretsmanager.HAND,
    "sns": sns.HAND,
    "sqs": sqs.HAND,
    "ssm": ssm.HAND,
    "stepfunctions": stepfunctions.HAND,
}
_NOTHING = Hand()
_BY_PREFIX = {"states": "stepfunctions"}
"""Prefixes of actions whose services botocore calls otherwise."""


def mapped(
    service: str, operation: str, members: Members, scope: Scope, *, literal_keys: bool = False
) -> tuple[Check, ...] | Refusal:
    """All that a request needs; `service` and `operation` by botocore's names, `members` as the model calls them.

    One check for each member of a batch; INVARIANT: at least one.
    """
    asked = Asked(service=service, operation=operation, members=members, scope=scope, literal_keys=literal_keys)
    hand = HANDS.get(service, _NOTHING)
    by_hand = hand.operations.get(operation)
    try:
        checks = tuple(by_hand(asked)) if by_hand is not None else from_table(asked, hand)
        return tuple(with_keys(asked, check) for check in _each_once((*checks, *tagging(asked, checks))))
    except Refused as refused:
        told = refused.refusal
        return replace(told, code=hand.invalid) if told.code == INVALID else told


def _each_once(checks: Iterable[Check]) -> Iterable[Check]:
    """Items of a batch are never merged, because look-ups may find different resources for them."""
    distinct: dict[object, Check] = {}
    for at, check in enumerate(checks):
        which = at if check.part else None
        distinct[(check.action, check.resource, which, *sorted(check.keys.items()))] = check
    return distinct.values()


class _Plan(Struct, frozen=True, kw_only=True):
    """How to fill the condition keys that AWS lists for an action on a resource type."""

    fillers: tuple[tuple[str, Filler], ...]
    templates: tuple[tuple[str, TemplateFiller], ...]
    """With what a key begins with, `aws:RequestTag/`."""
    unknown: frozenset[str]


def with_keys(asked: Asked, check: Check) -> Check:
    """The check with its condition keys, as far as the request tells them."""
    plan = _plan(check.action, check.type)
    keys, unknown = dict(check.keys), set()
    for beginning, template in plan.templates:
        keys |= {beginning + rest: value for rest, value in template(asked, check).items()}
    for name, filler in plan.fillers:
        if name in keys:
            continue
        value = filler(asked, check)
        if isinstance(value, Unknown):
            unknown.add(name)
        elif value is not None:
            keys[name] = value
    return replace(check, keys=keys, unknown=plan.unknown.union(unknown).difference(keys))


@lru_cache(1024)
def _plan(action: str, resource_type: str) -> _Plan:
    hand = hand_of(action)
    fillers, templates, unknown = [], [], set()
    for name in listed_keys(action, resource_type):
        if (template := hand.templates.get(name) or COMMON.templates.get(name)) is not None:
            templates.append((name.partition("${")[0].partition("<")[0], template))
        elif (filler := hand.keys.get(name) or COMMON.keys.get(name)) is not None:
            fillers.append((name, filler))
        else:
            unknown.add(name)
    return _Plan(fillers=tuple(fillers), templates=tuple(templates), unknown=frozenset(unknown))


def hand_of(action: str) -> Hand:
    """The rules for the keys of an action: those of its own service, which may not be the request's."""
    return HANDS.get(service_of(action), _NOTHING)


def service_of(action: str) -> str:
    """The service of an action by botocore's name, for the services of the table."""
    prefix = action.partition(":")[0]
    return _BY_PREFIX.get(prefix, prefix)


def listed_keys(action: str, resource_type: str) -> tuple[str, ...]:
    """The condition keys that AWS lists for an action on a resource of that type."""
    found = actions.action(action)
    if found is None:
        return ()
    on_type = [one for one in found.resource_types if one.type.name == resource_type]
    keys = (key for one in on_type for key in (*one.condition_keys, *one.type.condition_keys))
    return tuple(dict.fromkeys((*found.condition_keys, *keys)))
