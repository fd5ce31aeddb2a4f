"""How management policies merge into the effective policy of an account.

The tree is walked from the root down. On each level, of the policies attached there in order of attachment, the first
that assigns a value does, then every one appends, then every one removes. What a policy lets the levels below do is
never given back by one of them. Names and operators are compared without regard to ASCII case.

https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from carnet.entities.entity import name_key
from carnet.policy.json_text import Json, JsonNumber, JsonObject

OPERATOR_PREFIX = "@@"
ASSIGN = "@@assign"
APPEND = "@@append"
REMOVE = "@@remove"
CONTROL = "@@operators_allowed_for_child_policies"
ALL = "@@all"
NONE = "@@none"
VALUE_OPERATORS = frozenset((ASSIGN, APPEND, REMOVE))

Value: TypeAlias = str | tuple[str, ...]
"""Of a setting: one value, or a list without duplicates. Numbers and words of JSON are as written."""


class Source(NamedTuple):
    """One policy that has a part in an effective policy."""

    id: str
    document: JsonObject


@dataclass(slots=True)
class Setting:
    """What policies set under one name, so far; it is changed only while policies are merged."""

    value: Value | None = None
    members: dict[str, Setting] = field(default_factory=dict[str, "Setting"])
    """By name in lower case."""
    policies: set[str] = field(default_factory=set[str])
    """The ids of the policies that have a part in it."""
    allowed: frozenset[str] = VALUE_OPERATORS
    """What the policies of the levels below may do with it; with nothing allowed they may add no members either."""

    @property
    def is_empty(self) -> bool:
        return self.value is None and all(member.is_empty for member in self.members.values())


def merged(levels: Iterable[Sequence[Source]]) -> Setting:
    """What the policies of the levels, from the root down to the account, set together."""
    root = Setting()
    for level in levels:
        _apply(root, level)
    return root


def operators(part: JsonObject) -> dict[str, Json]:
    """The operators of a part of a policy, by name in lower case."""
    return {name_key(name): given for name, given in part.members.items() if name.startswith(OPERATOR_PREFIX)}


def members(part: JsonObject) -> Iterator[tuple[str, Json]]:
    """The members of a part of a policy that are no operators, by name in lower case."""
    return ((name_key(name), given) for name, given in part.members.items() if not name.startswith(OPERATOR_PREFIX))


def scalar(given: Json) -> str | None:
    """A value as its text; None for what is no single value."""
    if isinstance(given, str):
        return given
    if isinstance(given, JsonNumber):
        return given.text
    return _WORDS.get(given) if given is None or isinstance(given, bool) else None


def scalars(given: Json) -> tuple[str, ...] | None:
    """A list of values as their texts, each once; None for what is no list of single values."""
    if not isinstance(given, tuple):
        return None
    texts = [scalar(each) for each in given]
    known = [text for text in texts if text is not None]
    return tuple(dict.fromkeys(known)) if len(known) == len(texts) else None


_WORDS: Mapping[bool | None, str] = {True: "true", False: "false", None: "null"}


def _apply(setting: Setting, level: Sequence[Source]) -> None:
    """Let the policies of one level have their part in a setting."""
    allowed = setting.allowed
    given = [(source.id, operators(source.document)) for source in level]
    _assign(setting, [(policy, each) for policy, each in given if ASSIGN in each and ASSIGN in allowed])
    _append(setting, [(policy, each) for policy, each in given if APPEND in each and APPEND in allowed])
    _remove(setting, [(policy, each) for policy, each in given if REMOVE in each and REMOVE in allowed])
    for name, sources in _below(level).items():
        if name in setting.members or allowed:
            setting.policies.update(source.id for source in sources)
            _apply(setting.members.setdefault(name, Setting()), sources)
    for _, each in given:
        setting.allowed &= _allowed(each)


def _below(level: Sequence[Source]) -> dict[str, list[Source]]:
    """The members that the policies of a level give, by name."""
    found: dict[str, list[Source]] = {}
    for source in level:
        for name, part in members(source.document):
            if isinstance(part, JsonObject):
                found.setdefault(name, []).append(Source(source.id, part))
    return found


_Given: TypeAlias = Sequence[tuple[str, Mapping[str, Json]]]
"""Ids of policies and their operators."""


def _assign(setting: Setting, given: _Given) -> None:
    if not given:
        return
    policy, each = given[0]
    value = scalars(each[ASSIGN])
    setting.value = scalar(each[ASSIGN]) if value is None else value
    setting.policies = {policy}


def _append(setting: Setting, given: _Given) -> None:
    for policy, each in given:
        setting.value = tuple(dict.fromkeys((*_listed(setting), *(scalars(each[APPEND]) or ()))))
        setting.policies.add(policy)


def _remove(setting: Setting, given: _Given) -> None:
    for policy, each in given:
        if setting.value is not None:
            gone = frozenset(scalars(each[REMOVE]) or ())
            setting.value = tuple(value for value in _listed(setting) if value not in gone)
            setting.policies.add(policy)


def _listed(setting: Setting) -> tuple[str, ...]:
    if setting.value is None:
        return ()
    return (setting.value,) if isinstance(setting.value, str) else setting.value


def _allowed(given: Mapping[str, Json]) -> frozenset[str]:
    """What a policy lets the levels below do."""
    control = scalars(given.get(CONTROL))
    if control is None:
        return VALUE_OPERATORS
    named = frozenset(map(name_key, control))
    return VALUE_OPERATORS if ALL in named else VALUE_OPERATORS & named
