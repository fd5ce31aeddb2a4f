"""The condition operators by name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct

from carnet.base.faults import Malformed
from carnet.policy.comparisons import (
    Wanted,
    WantedArn,
    WantedBool,
    WantedBytes,
    WantedMoment,
    WantedNetwork,
    WantedNumber,
    WantedPattern,
    WantedText,
)
from carnet.policy.resources import condition_arn_pattern, is_arn
from carnet.policy.sentences import LEGACY_PARSING, SYNTAX_ERRORS
from carnet.policy.values import is_address, read_bool, read_bytes, read_moment, read_network, read_number
from carnet.policy.variables import template

T = TypeVar("T")

Read = Callable[[str, bool], Wanted]
"""(value as written, whether variables count) to the wanted value; raises Malformed if it is not of the type."""


class Quantifier(StrEnum):
    """What a set operator asks of the values of a multivalued key.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
    """

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


def always(actual: str) -> bool:
    """What an operator can compare whose negation is met by every value that is not as wanted."""
    return True


class Operator(Struct, frozen=True):
    """One operator without set operator and IfExists."""

    name: str
    read: Read
    negated: bool = False
    readable: Callable[[str], bool] = always
    """Whether an actual value can be compared at all; one that cannot does not meet a negated operator either.

    Recorded from AWS for addresses and ARNs; numbers and dates that cannot be read are unequal.
    """


class OperatorUse(Struct, frozen=True):
    """An operator as a policy writes it, taken apart."""

    text: str
    operator: Operator
    quantifier: Quantifier | None
    if_exists: bool


NULL = "Null"
_IF_EXISTS = "IfExists"


def operator_use(text: str) -> OperatorUse | None:
    """Take `ForAllValues:StringLikeIfExists` apart; None for an operator that does not exist."""
    prefix, colon, rest = text.rpartition(":")
    name = rest.removesuffix(_IF_EXISTS)
    if name not in OPERATORS or (colon and prefix not in tuple(Quantifier)):
        return None
    if rest == NULL + _IF_EXISTS:
        return None
    return OperatorUse(text, OPERATORS[name], Quantifier(prefix) if colon else None, name != rest)


def _text(value: str, variables: bool) -> Wanted:
    return WantedText(value, template(value, wildcards=False, variables=variables), ignore_case=False)


def _text_ignoring_case(value: str, variables: bool) -> Wanted:
    return WantedText(value, template(value, wildcards=False, variables=variables), ignore_case=True)


def _pattern(value: str, variables: bool) -> Wanted:
    return WantedPattern(value, template(value, wildcards=True, variables=variables))


def _arn(value: str, variables: bool) -> Wanted:
    pattern = condition_arn_pattern(value, variables=variables)
    if not (pattern.everything or pattern.complete):
        raise Malformed(LEGACY_PARSING)
    return WantedArn(value, pattern)


def _number(compare: Callable[[Any, Any], bool]) -> Read:
    return lambda value, _: WantedNumber(value, _require(read_number(value), LEGACY_PARSING), compare)


def _read_wanted_moment(compare: Callable[[Any, Any], bool]) -> Read:
    return lambda value, _: WantedMoment(value, _require(read_moment(value), LEGACY_PARSING), compare)


def _bool(value: str, _: bool) -> Wanted:
    return WantedBool(value, read_bool(value))


def _bytes(value: str, _: bool) -> Wanted:
    return WantedBytes(value, _require(read_bytes(value)))


def _network(value: str, _: bool) -> Wanted:
    network = read_network(value)
    if network is None:
        raise Malformed(LEGACY_PARSING)
    return WantedNetwork(value, network)


def _require(value: T | None, sentence: str = SYNTAX_ERRORS) -> T:
    if value is None:
        raise Malformed(sentence)
    return value


NETWORK_OPERATORS = ("IpAddress", "NotIpAddress")

_ORDERED = (
    ("LessThan", operator.lt),
    ("LessThanEquals", operator.le),
    ("GreaterThan", operator.gt),
    ("GreaterThanEquals", operator.ge),
)

OPERATORS = {
    known.name: known
    for known in (
        Operator("StringEquals", _text),
        Operator("StringNotEquals", _text, negated=True),
        Operator("StringEqualsIgnoreCase", _text_ignoring_case),
        Operator("StringNotEqualsIgnoreCase", _text_ignoring_case, negated=True),
        Operator("StringLike", _pattern),
        Operator("StringNotLike", _pattern, negated=True),
        Operator("NumericEquals", _number(operator.eq)),
        Operator("NumericNotEquals", _number(operator.eq), negated=True),
        *(Operator(f"Numeric{name}", _number(compare)) for name, compare in _ORDERED),
        Operator("DateEquals", _read_wanted_moment(operator.eq)),
        Operator("DateNotEquals", _read_wanted_moment(operator.eq), negated=True),
        *(Operator(f"Date{name}", _read_wanted_moment(compare)) for name, compare in _ORDERED),
        Operator("Bool", _bool),
        Operator("BinaryEquals", _bytes),
        Operator("IpAddress", _network),
        Operator("NotIpAddress", _network, negated=True, readable=is_address),
        Operator("ArnEquals", _arn),
        Operator("ArnLike", _arn),
        Operator("ArnNotEquals", _arn, negated=True, readable=is_arn),
        Operator("ArnNotLike", _arn, negated=True, readable=is_arn),
        Operator(NULL, _bool),
    )
}
