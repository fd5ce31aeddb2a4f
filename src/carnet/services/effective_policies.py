"""The effective policy of an account: what the management policies above it set together.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_effective.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple, TypeAlias

from carnet.directory.organization_view import Node, OrganizationView
from carnet.entities.entity import name_key
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.policy.engine.recent import Recent
from carnet.services.inheritance import VALUE_OPERATORS, Setting, Source, TooLarge, merged

_ROOM = 4_000_000
"""How many characters of policies are remembered with their effective policies. Each takes some ten bytes of memory."""

_Levels: TypeAlias = tuple[tuple[tuple[str, str], ...], ...]
"""Ids and contents of the policies attached to the root, to the units on the way and to the account, in order."""


MOST_BYTES = 395_000
"""The longest effective policy."""
_NOTHING = "{}"


class EffectivePolicy(NamedTuple):
    setting: Setting
    """INVARIANT: it is shared and never changed."""
    content: str
    """What it says as JSON."""
    weight: int
    too_large: bool = False
    """Whether it is larger than allowed, so that nothing of it is in effect."""


_lock = Lock()
"""Several threads ask."""
_remembered: Recent[tuple[PolicyType, _Levels], EffectivePolicy] = Recent(_ROOM, weigh=lambda one: one.weight)


def effective_policy(view: OrganizationView, node: Node, policy_type: PolicyType) -> EffectivePolicy | None:
    """The effective policy of an account; None if the type is not enabled, or no policy of it is attached to the
    account or above it.

    Policies of the same contents are merged once, for all accounts that have them.
    """
    if policy_type not in view.organization.policy_types:
        return None
    levels = tuple([_level(view, each, policy_type) for each in view.path_to(node)])
    if not any(levels):
        return None
    key = (policy_type, levels)
    with _lock:
        known = _remembered.get(key)
    if known is None:
        known = _worked_out(policy_type, levels)
        with _lock:
            _remembered.put(key, known)
    return known


def shown(setting: Setting) -> object:
    """A setting as JSON, without operators and without empty members."""
    if setting.value is not None:
        return list(setting.value) if isinstance(setting.value, tuple) else setting.value
    return {name: shown(member) for name, member in setting.members.items() if not member.is_empty}


def _level(view: OrganizationView, node: Node, policy_type: PolicyType) -> tuple[tuple[str, str], ...]:
    policies = map(view.of(OrganizationPolicy).by_id.__getitem__, node.attached)
    return tuple([(policy.id, policy.content) for policy in policies if policy.type is policy_type])


def _worked_out(policy_type: PolicyType, levels: _Levels) -> EffectivePolicy:
    weight = 1 + sum(len(content) for level in levels for _, content in level)
    try:
        setting = merged([_sources(level) for level in levels])
    except TooLarge:
        return EffectivePolicy(Setting(), _NOTHING, weight, too_large=True)
    if policy_type is PolicyType.TAG:
        _fill_in_tags(setting)
    content = json.dumps(shown(setting), ensure_ascii=False, separators=(",", ":"))
    if len(content.encode()) > MOST_BYTES:
        return EffectivePolicy(Setting(), _NOTHING, weight, too_large=True)
    return EffectivePolicy(setting, content, weight)


def _sources(level: Sequence[tuple[str, str]]) -> list[Source]:
    """The policies of a level, each of which was checked when it was saved. Their parts alone have values."""
    read = [(policy_id, json.loads(content, parse_int=str, parse_float=str)) for policy_id, content in level]
    return [
        Source(policy_id, {name: given for name, given in document.items() if name_key(name) not in VALUE_OPERATORS})
        for policy_id, document in read
    ]


def _fill_in_tags(setting: Setting) -> None:
    """By default a tag key is in lower case and takes every value."""
    tags = setting.members.get("tags")
    if tags is None:
        return
    for name, rule in tags.members.items():
        key = rule.members.setdefault("tag_key", Setting())
        key.value = name if key.value is None else key.value
        values = rule.members.setdefault("tag_value", Setting())
        values.value = ("*",) if values.value is None else values.value
