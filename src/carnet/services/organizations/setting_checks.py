"""What the parts of a management policy may be: checks that are put together to those of a whole type.

Names are compared without regard to ASCII case. Numbers, true and false are values as their texts.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from carnet.entities.entity import name_key
from carnet.services.inheritance import ASSIGN, OPERATOR_PREFIX, VALUE_OPERATORS, operators, scalar, scalars

Check: TypeAlias = Callable[[Any], bool]
"""Whether a part of a policy is as it has to be."""


def members_as_written(part: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a part by their names as written."""
    return {name: given for name, given in part.items() if not name.startswith(OPERATOR_PREFIX)}


def an_object(check: Callable[[str, Any], bool], *, needed: frozenset[str] = frozenset()) -> Check:
    """An object that has no value itself, has the needed members, and of whose members each is as the check of its name
    and value asks."""

    def checked(part: Any) -> bool:
        if not isinstance(part, dict) or VALUE_OPERATORS & operators(part).keys():
            return False
        given = members_as_written(part)
        return needed <= set(map(name_key, given)) and all(check(*each) for each in given.items())

    return checked


def fields(known: Mapping[str, Check], *, needed: frozenset[str] = frozenset()) -> Check:
    """An object of known members, of which some are needed."""
    return an_object(lambda name, given: name_key(name) in known and known[name_key(name)](given), needed=needed)


def each(named: re.Pattern[str], check: Check) -> Check:
    """An object whose members have names of one form, and are alike."""
    return an_object(lambda name, given: named.fullmatch(name) is not None and check(given))


def one_of(*words: str) -> Check:
    """A setting whose assigned value is one of the words, as a text of JSON."""
    return _single(lambda assigned: isinstance(assigned, str) and assigned in words)


def one_like(value: re.Pattern[str]) -> Check:
    """A setting whose assigned value is of a form."""

    def is_like(assigned: Any) -> bool:
        text = scalar(assigned)
        return text is not None and value.fullmatch(text) is not None

    return _single(is_like)


def _single(is_right: Callable[[Any], bool]) -> Check:
    def checked(part: Any) -> bool:
        if not isinstance(part, dict) or members_as_written(part):
            return False
        given = operators(part)
        return not (VALUE_OPERATORS - {ASSIGN}) & given.keys() and (ASSIGN not in given or is_right(given[ASSIGN]))

    return checked


def a_list(value: re.Pattern[str], *, least: int = 0) -> Check:
    """A setting whose value is a list of values of a form; at least so many of them are assigned."""

    def checked(part: Any) -> bool:
        if not isinstance(part, dict) or members_as_written(part):
            return False
        listed = {name: scalars(given) for name, given in operators(part).items() if name in VALUE_OPERATORS}
        if any(each is None or not all(map(value.fullmatch, each)) for each in listed.values()):
            return False
        assigned = listed.get(ASSIGN)
        return assigned is None or len(assigned) >= least

    return checked
