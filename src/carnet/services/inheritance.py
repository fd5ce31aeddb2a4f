"""How management policies merge into the effective policy of an account.

The tree is walked from the root down. On each level the policies are taken in order of attachment: the first one that
assigns a value does so, then each one appends, then each one removes. What a policy forbids to the levels below, no
lower level can permit again. Names and operators are compared without regard to ASCII case.

https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from carnet.entities.entity import name_key

OPERATOR_PREFIX = "@@"
ASSIGN = "@@assign"
APPEND = "@@append"
REMOVE = "@@remove"
CONTROL = "@@operators_allowed_for_child_policies"
ALL = "@@all"
NONE = "@@none"
VALUE_OPERATORS = frozenset((ASSIGN, APPEND, REMOVE))

MOST_STEPS = 100_000
"""How much work a merge may take: that of 10,000 settings, far more than AWS's largest policy has."""
_OF_SETTING = 10
"""Steps of one setting; one value of a list is one step."""


class TooLarge(Exception):
    """Policies together set too much, so that none of it is in effect."""


Value: TypeAlias = str | tuple[str, ...]
"""The value of a setting: one value, or a list without duplicates. JSON's numbers, true, false and null are texts, as
written."""


class Source(NamedTuple):
    """One policy that has a part in an effective policy."""

    id: str
    document: Mapping[str, Any]
    """The parsed JSON, in which numbers are texts."""


@dataclass(slots=True)
class Setting:
    """What the policies merged so far set under one name. It is changed only during the merge."""

    value: Value | None = None
    members: dict[str, Setting] = field(default_factory=dict[str, "Setting"])
    """By name in lower case."""
    policies: set[str] = field(default_factory=set[str])
    """The ids of the policies that have a part in it."""
    allowed: frozenset[str] = VALUE_OPERATORS
    """Which operators the policies of lower levels may use on it. If none, they may not add members either."""

    @property
    def is_empty(self) -> bool:
        return self.value is None and all(member.is_empty for member in self.members.values())


def merged(levels: Iterable[Sequence[Source]]) -> Setting:
    """What the policies of the levels, from the root down to the account, set together; raises TooLarge."""
    root, work = Setting(), _Work()
    for level in levels:
        _apply(root, level, work)
    return root


class _Work:
    """Counts the steps of a merge."""

    def __init__(self) -> None:
        self._done = 0

    def do(self, steps: int) -> None:
        self._done += steps
        if self._done > MOST_STEPS:
            raise TooLarge


def operators(part: Mapping[str, Any]) -> dict[str, Any]:
    """The operators of a part of a policy, by name in lower case."""
    return {name_key(name): given for name, given in part.items() if name.startswith(OPERATOR_PREFIX)}


def members(part: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of a part of a policy that are no operators, by name in lower case."""
    return ((name_key(name), given) for name, given in part.items() if not name.startswith(OPERATOR_PREFIX))


def scalar(given: object) -> str | None:
    """A value as its text; None for what is no single value."""
    if isinstance(given, str):
        return given
    return _WORDS[given] if given is None or isinstance(given, bool) else None


def scalars(given: object) -> tuple[str, ...] | None:
    """A list of values as their texts, each once; None for what is no list of single values."""
    if not isinstance(given, list):
        return None
    texts = [scalar(each) for each in given]
    known = [text for text in texts if text is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(texts) else None


_WORDS: Mapping[bool | None, str] = {True: "true", False: "false", None: "null"}


def _apply(setting: Setting, level: Sequence[Source], work: _Work) -> None:
    """Let the policies of one level have their part in a setting."""
    work.do(_OF_SETTING)
    allowed = setting.allowed
    given = [(source.id, operators(source.document)) for source in level]
    _assign(setting, [(policy, each) for policy, each in given if ASSIGN in each and ASSIGN in allowed])
    _append(setting, [(policy, each) for policy, each in given if APPEND in each and APPEND in allowed], work)
    _remove(setting, [(policy, each) for policy, each in given if REMOVE in each and REMOVE in allowed], work)
    for name, sources in _below(level).items():
        if name in setting.members or allowed:
            setting.policies.update(source.id for source in sources)
            _apply(setting.members.setdefault(name, Setting()), sources, work)
    for _, each in given:
        setting.allowed &= _allowed_operators(each)


def _below(level: Sequence[Source]) -> dict[str, list[Source]]:
    """The members that the policies of a level give, by name."""
    found: dict[str, list[Source]] = {}
    for source in level:
        for name, part in members(source.document):
            if isinstance(part, dict):
                found.setdefault(name, []).append(Source(source.id, part))
    return found


_Given: TypeAlias = Sequence[tuple[str, Mapping[str, Any]]]
"""Ids of policies and their operators."""


def _assign(setting: Setting, given: _Given) -> None:
    if not given:
        return
    policy, each = given[0]
    value = scalars(each[ASSIGN])
    setting.value = scalar(each[ASSIGN]) if value is None else value
    setting.policies = {policy}


def _append(setting: Setting, given: _Given, work: _Work) -> None:
    for policy, each in given:
        work.do(len(_values_of(setting)))
        setting.value = tuple(dict.fromkeys((*_values_of(setting), *(scalars(each[APPEND]) or ()))))
        setting.policies.add(policy)


def _remove(setting: Setting, given: _Given, work: _Work) -> None:
    for policy, each in given:
        work.do(len(_values_of(setting)))
        if setting.value is not None:
            gone = frozenset(scalars(each[REMOVE]) or ())
            setting.value = tuple(value for value in _values_of(setting) if value not in gone)
            setting.policies.add(policy)


def _values_of(setting: Setting) -> tuple[str, ...]:
    if setting.value is None:
        return ()
    return (setting.value,) if isinstance(setting.value, str) else setting.value


def _allowed_operators(given: Mapping[str, Any]) -> frozenset[str]:
    """What a policy lets the levels below do."""
    control = scalars(given.get(CONTROL))
    if control is None:
        return VALUE_OPERATORS
    named = frozenset(map(name_key, control))
    return VALUE_OPERATORS if ALL in named else VALUE_OPERATORS & named
