"""Conditions as functions of a request's keys.

What is fixed in the policy is done once: literal values become sets, CIDR ranges of one condition become disjoint runs
of integers, patterns become matching functions. How operators, set operators and missing keys go together is said in
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from carnet.policy.addresses import AddressRanges
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
from carnet.policy.compiled_patterns import CompiledArn, Match, fill, is_constant, text_match
from carnet.policy.conditions import Condition
from carnet.policy.context_reader import ContextReader, is_settled_by_principal
from carnet.policy.operators import NULL, Quantifier
from carnet.policy.patterns import ascii_lower
from carnet.policy.recent import Recent
from carnet.policy.request import Value
from carnet.policy.values import read_bool, read_bytes, read_moment, read_number
from carnet.policy.variables import Variable

Test = Callable[[ContextReader], bool]
"""Whether a request meets a condition."""

One = Callable[[str, ContextReader], bool]
"""Whether one actual value is one of the wanted ones."""

_CONDITIONS_ROOM = 65_536


class CompiledCondition:
    """A condition, and what an index can know about it."""

    __slots__ = ("equals", "keys", "settled", "test")

    def __init__(self, condition: Condition, *, granting: bool) -> None:
        variables = _variables(condition.values)
        self.test = _test(condition, variables, granting=granting)
        self.keys = (condition.key, *(variable.key for variable in variables))
        """Every key that the outcome depends on."""
        self.settled = all(map(is_settled_by_principal, self.keys))
        """Whether the principal alone settles the outcome."""
        self.equals = _equals(condition, variables)
        """The key and the values of which a request must have one, where that can be looked up in a dict."""


class ConditionCompiler:
    """Compiles conditions; one that occurs in many statements is compiled once."""

    def __init__(self) -> None:
        self._known: Recent[tuple[object, ...], CompiledCondition] = Recent(_CONDITIONS_ROOM)

    def compile(self, condition: Condition, *, granting: bool) -> CompiledCondition:
        """The compiled form of a condition of an Allow (`granting`) or of a Deny."""
        variables = any(_variables(condition.values))
        texts = tuple(wanted.text for wanted in condition.values)
        same = (condition.use.text, condition.key, texts, granting, variables)
        return self._known.get(same) or self._known.put(same, CompiledCondition(condition, granting=granting))


def _variables(values: Sequence[Wanted]) -> tuple[Variable, ...]:
    found: list[Variable] = []
    for wanted in values:
        if isinstance(wanted, WantedText | WantedPattern):
            found += wanted.template.variables
        elif isinstance(wanted, WantedArn):
            found += (variable for segment in wanted.pattern.segments for variable in segment.variables)
    return tuple(found)


def _equals(condition: Condition, variables: tuple[Variable, ...]) -> tuple[str, frozenset[str]] | None:
    use = condition.use
    by_value = use.operator.name == "StringEquals" and not use.if_exists and use.quantifier is not Quantifier.ALL
    if not by_value or variables:
        return None
    return condition.key, frozenset(_literal(wanted) for wanted in condition.values if isinstance(wanted, WantedText))


def _test(condition: Condition, variables: tuple[Variable, ...], *, granting: bool) -> Test:
    use = condition.use
    if use.operator.name == NULL:
        return _null_test(condition)
    if use.operator.name == "StringEquals" and use.quantifier is None and not variables:
        return _equals_test(condition)
    compare = _comparison(condition)
    key, missing = condition.key, _holds_when_missing(condition)
    decisive = variables if granting and use.operator.negated and variables else ()

    def test(reader: ContextReader) -> bool:
        actual = reader.value(key)
        if actual is None and use.if_exists:
            return True
        if decisive and any(variable.resolve(reader.value) is None for variable in decisive):
            return False
        return missing if actual is None else compare(actual, reader)

    return test


def _null_test(condition: Condition) -> Test:
    key = condition.key
    wanted = {value.value for value in condition.values if isinstance(value, WantedBool)}
    return lambda reader: (reader.value(key) is None) in wanted


def _equals_test(condition: Condition) -> Test:
    """The most frequent condition of all, without detours."""
    key, missing = condition.key, _holds_when_missing(condition)
    wanted = frozenset(_literal(value) for value in condition.values if isinstance(value, WantedText))

    def test(reader: ContextReader) -> bool:
        actual = reader.value(key)
        if actual is None:
            return missing
        return actual in wanted if isinstance(actual, str) else not wanted.isdisjoint(actual)

    return test


def _holds_when_missing(condition: Condition) -> bool:
    use = condition.use
    if use.if_exists or use.quantifier is Quantifier.ALL:
        return True
    return use.operator.negated and use.quantifier is None


def _comparison(condition: Condition) -> Callable[[Value, ContextReader], bool]:
    """Compares all actual values of a key that the request has."""
    one = _one_of(condition.values)
    quantifier, negated = condition.use.quantifier, condition.use.operator.negated
    every = quantifier is Quantifier.ALL or (quantifier is None and negated)

    def compare(actual: Value, reader: ContextReader) -> bool:
        if isinstance(actual, str):
            return one(actual, reader) is not negated
        for value in actual:
            if (one(value, reader) is not negated) is not every:
                return not every
        return every

    return compare


def _one_of(values: Sequence[Wanted]) -> One:
    if not values:
        return lambda actual, reader: False
    return _KINDS[type(values[0])](values)


def _texts(values: Sequence[WantedText]) -> One:
    ignore_case = values[0].ignore_case
    folded = ascii_lower if ignore_case else str
    wanted = frozenset(folded(_literal(value)) for value in values if is_constant(value.template))
    filled = tuple(value.template.tokens for value in values if not is_constant(value.template))

    def one(actual: str, reader: ContextReader) -> bool:
        text = folded(actual)
        if text in wanted:
            return True
        for tokens in filled:
            parts = fill(tokens, reader.value)
            if parts is not None and folded("".join(map(str, parts))) == text:
                return True
        return False

    return one


def _literal(value: WantedText) -> str:
    return "".join(token for token in value.template.tokens if isinstance(token, str))


def _patterns(values: Sequence[WantedPattern]) -> One:
    ready = tuple(text_match(_plain(value)) for value in values if is_constant(value.template))
    filled = tuple(value.template.tokens for value in values if not is_constant(value.template))

    def one(actual: str, reader: ContextReader) -> bool:
        if any(match(actual) for match in ready):
            return True
        for tokens in filled:
            parts = fill(tokens, reader.value)
            if parts is not None and text_match(parts)(actual):
                return True
        return False

    return one


def _plain(value: WantedPattern) -> tuple[Any, ...]:
    return tuple(token for token in value.template.tokens if not isinstance(token, Variable))


def _arns(values: Sequence[WantedArn]) -> One:
    patterns = [CompiledArn(value.pattern) for value in values]
    ready = tuple(pattern.match for pattern in patterns if pattern.match is not None)
    filled = tuple(pattern for pattern in patterns if pattern.match is None)

    def one(actual: str, reader: ContextReader) -> bool:
        if any(match(actual) for match in ready):
            return True
        made = (pattern.fill(reader.value) for pattern in filled)
        return any(match is not None and match(actual) for match in made)

    return one


def _ordered(
    values: Sequence[WantedNumber | WantedMoment], read: Callable[[str], Any], wanted: Sequence[Any]
) -> Callable[[str, ContextReader], bool]:
    pairs = tuple((value.compare, operand) for value, operand in zip(values, wanted, strict=True))

    def one(actual: str, reader: ContextReader) -> bool:
        operand = read(actual)
        return operand is not None and any(compare(operand, other) for compare, other in pairs)

    return one


def _numbers(values: Sequence[WantedNumber]) -> One:
    return _ordered(values, read_number, [value.number for value in values])


def _moments(values: Sequence[WantedMoment]) -> One:
    return _ordered(values, read_moment, [value.moment for value in values])


def _bools(values: Sequence[WantedBool]) -> One:
    wanted = {value.value for value in values}
    return lambda actual, reader: read_bool(actual) in wanted


def _bytes(values: Sequence[WantedBytes]) -> One:
    wanted = {value.value for value in values}
    return lambda actual, reader: read_bytes(actual) in wanted


def _networks(values: Sequence[WantedNetwork]) -> One:
    ranges = AddressRanges([value.network for value in values])
    return lambda actual, reader: actual in ranges


_KINDS = cast(
    dict[type, Callable[[Sequence[Any]], One]],
    {
        WantedText: _texts,
        WantedPattern: _patterns,
        WantedArn: _arns,
        WantedNumber: _numbers,
        WantedMoment: _moments,
        WantedBool: _bools,
        WantedBytes: _bytes,
        WantedNetwork: _networks,
    },
)

__all__ = ["CompiledCondition", "ConditionCompiler", "Match", "Test"]
