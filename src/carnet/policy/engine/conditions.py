"""Conditions as functions of a request's keys.

What is fixed in the policy is done once: literal values become sets, the CIDR ranges of one condition are merged,
patterns become matching functions. How operators, set operators and missing keys go together is said in
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

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
from carnet.policy.conditions import Condition
from carnet.policy.context_keys import is_multivalued
from carnet.policy.engine.addresses import AddressRanges
from carnet.policy.engine.context_reader import ANYWHERE, ContextReader, is_settled_by_principal, places_of
from carnet.policy.engine.patterns import CompiledArn, Match, any_match, fill, text_match
from carnet.policy.engine.recent import Recent
from carnet.policy.operators import NULL, Quantifier, always
from carnet.policy.patterns import Token
from carnet.policy.request import Values
from carnet.policy.values import read_bool, read_bytes, read_moment, read_number
from carnet.policy.variables import Lookup, Variable

Test = Callable[[ContextReader], bool]
"""Whether a request meets a condition."""

QuickTest = Callable[[Values], bool | None]
"""The same by what the request says (`Shapes.said`); None if that does not tell."""

_CONDITIONS_ROOM = 131_072
"""Parts of conditions that are remembered."""


def all_met(tests: Sequence[QuickTest]) -> QuickTest:
    """Whether all tests are met; None if one that counts does not tell."""
    if len(tests) == 1:
        return tests[0]

    def test(said: Values) -> bool | None:
        for one in tests:
            met = one(said)
            if not met:
                return met
        return True

    return test


class CompiledCondition:
    """A condition, and what an index can know about it."""

    __slots__ = ("_condition", "_quick", "equals", "keys", "parts", "settled", "test")

    def __init__(self, condition: Condition) -> None:
        variables = _variables(condition.values)
        self.parts = condition.parts
        self.test = _test(condition, variables)
        self.keys = (condition.key, *(variable.key for variable in variables))
        """Every key that the outcome depends on."""
        self.settled = all(map(is_settled_by_principal, self.keys))
        """Whether the principal alone settles the outcome."""
        self.equals = _equals(condition, variables)
        """The key and the values of which a request must have one, if that can be looked up in a dict."""
        self._condition = condition
        self._quick: QuickTest | None = None

    @property
    def quick(self) -> QuickTest | None:
        """The quick test, if there is one; made when it is first asked for, since few conditions decide alone."""
        condition = self._condition
        has_one = len(self.keys) == 1 and places_of(condition.key) is ANYWHERE and condition.use.operator.name != NULL
        if has_one and self._quick is None:
            self._quick = _quick_test(condition)
        return self._quick


class ConditionCompiler:
    """Compiles conditions; one that occurs in many statements is compiled once."""

    def __init__(self, room: int = _CONDITIONS_ROOM) -> None:
        self._known: Recent[tuple[object, ...], CompiledCondition] = Recent(
            min(room, _CONDITIONS_ROOM), lambda condition: condition.parts
        )

    def compile(self, condition: Condition, *, variables: bool) -> CompiledCondition:
        """The compiled form of a condition, in which `variables` count or not."""
        texts = tuple([wanted.text for wanted in condition.values])
        same = (condition.use.text, condition.key, texts, variables)
        return self._known.get(same) or self._known.put(same, CompiledCondition(condition))


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


def _test(condition: Condition, variables: tuple[Variable, ...]) -> Test:
    if condition.use.operator.name == NULL:
        return _null_test(condition)
    if _lacks_set_operator(condition):
        key, missing = condition.key, _holds_when_missing(condition)
        return lambda reader: missing and reader.value(key) is None
    return _variable_test(condition) if variables else _constant_test(condition)


def _lacks_set_operator(condition: Condition) -> bool:
    """Whether nothing but an absent key can meet the condition: the key is multivalued and there is no set operator."""
    return condition.use.quantifier is None and is_multivalued(condition.key)


def _null_test(condition: Condition) -> Test:
    key = condition.key
    wanted = {value.value for value in condition.values if isinstance(value, WantedBool)}
    if condition.use.quantifier is not None:
        every, when_present = _asks_every(condition), False in wanted
        return lambda reader: every if reader.value(key) is None else when_present
    return lambda reader: (reader.value(key) is None) in wanted


def _constant_test(condition: Condition) -> Test:
    key, missing, negated = condition.key, _holds_when_missing(condition), condition.use.operator.negated
    one = _one_of(condition)
    several = _several(condition, one)

    if places_of(key) is ANYWHERE:

        def test(reader: ContextReader) -> bool:
            actual = reader.said.get(key)
            if not actual or not isinstance(actual, str):
                actual = reader.find(key, ANYWHERE)
            if isinstance(actual, str):
                return one(actual) is not negated
            return missing if actual is None else several(actual)

        return test

    def test_of_own(reader: ContextReader) -> bool:
        actual = reader.value(key)
        if isinstance(actual, str):
            return one(actual) is not negated
        return missing if actual is None else several(actual)

    return test_of_own


def _several(condition: Condition, one: Match) -> Callable[[Iterable[str]], bool]:
    """Whether the values of a multivalued key, of which there is one at least, meet the condition."""
    if condition.use.quantifier is None:
        return lambda values: False
    negated, every = condition.use.operator.negated, _asks_every(condition)

    def test(values: Iterable[str]) -> bool:
        for value in values:
            if (one(value) is not negated) is not every:
                return not every
        return every

    return test


def _quick_test(condition: Condition) -> QuickTest:
    key, negated = condition.key, condition.use.operator.negated
    one = _one_of(condition)
    never = _lacks_set_operator(condition)

    def test(said: Values) -> bool | None:
        actual = said.get(key)
        return not never and one(actual) is not negated if isinstance(actual, str) else None

    return test


def _variable_test(condition: Condition) -> Test:
    """If a variable cannot be resolved, its value matches nothing, which meets a negated operator."""
    key, missing, every = condition.key, _holds_when_missing(condition), _asks_every(condition)
    negated, over_set = condition.use.operator.negated, condition.use.quantifier is not None
    makers = tuple(_maker(value) for value in condition.values)
    unreadable = _unreadable(condition)

    def test(reader: ContextReader) -> bool:
        actual = reader.value(key)
        if actual is None:
            return missing
        if not over_set and not isinstance(actual, str):
            return False
        matches = [match for match in (make(reader.value) for make in makers) if match is not None]
        matches += unreadable
        values = (actual,) if isinstance(actual, str) else actual
        met = (any(match(value) for match in matches) is not negated for value in values)
        return all(met) if every else any(met)

    return test


def _holds_when_missing(condition: Condition) -> bool:
    use = condition.use
    if use.quantifier is not None:
        return use.quantifier is Quantifier.ALL
    return use.operator.negated or use.if_exists


def _asks_every(condition: Condition) -> bool:
    """Whether all actual values have to meet the condition, or one."""
    quantifier = condition.use.quantifier
    return quantifier is Quantifier.ALL or (quantifier is None and condition.use.operator.negated)


def _maker(value: Wanted) -> Callable[[Lookup], Match | None]:
    """Makes for one request what tells whether an actual value matches; gives None if a variable is not known."""
    if isinstance(value, WantedArn):
        return CompiledArn(value.pattern).fill
    assert isinstance(value, WantedText | WantedPattern)
    tokens = value.template.tokens
    if isinstance(value, WantedText) and value.ignore_case:
        return lambda lookup: _text_match_ignoring_case(fill(tokens, lookup))

    def make(lookup: Lookup) -> Match | None:
        filled = fill(tokens, lookup)
        return text_match(filled) if filled is not None else None

    return make


def _text_match_ignoring_case(tokens: Sequence[Token] | None) -> Match | None:
    if tokens is None:
        return None
    wanted = "".join(map(str, tokens)).lower()
    return lambda actual: actual.lower() == wanted


def _one_of(condition: Condition) -> Match:
    """Whether an actual value is one of the wanted ones, which have no variables."""
    values = condition.values
    found = [_KINDS[type(values[0])](values)] if values else []
    return any_match([*found, *_unreadable(condition)])


def _unreadable(condition: Condition) -> list[Match]:
    """What counts as a match under a negated operator, which is then not met, beside what is as wanted."""
    operator = condition.use.operator
    if not operator.negated or operator.readable is always:
        return []
    return [lambda actual: not operator.readable(actual)]


def _texts(values: Sequence[WantedText]) -> Match:
    wanted = frozenset(_literal(value) for value in values)
    if not values[0].ignore_case:
        return wanted.__contains__
    lowered = frozenset([text.lower() for text in wanted])
    return lambda actual: actual.lower() in lowered


def _literal(value: WantedText) -> str:
    return "".join(token for token in value.template.tokens if isinstance(token, str))


def _patterns(values: Sequence[WantedPattern]) -> Match:
    return any_match([text_match(cast(tuple[Token, ...], value.template.tokens)) for value in values])


def _arns(values: Sequence[WantedArn]) -> Match:
    matches = [CompiledArn(value.pattern).match for value in values]
    return any_match([match for match in matches if match is not None])


def _ordered_match(read: Callable[[str], Any], wanted: Iterable[tuple[Callable[[Any, Any], bool], Any]]) -> Match:
    pairs = tuple(wanted)
    if len(pairs) == 1:
        compare_one, only = pairs[0]
        return lambda actual: (operand := read(actual)) is not None and compare_one(operand, only)

    def match(actual: str) -> bool:
        operand = read(actual)
        return operand is not None and any(compare(operand, other) for compare, other in pairs)

    return match


def _numbers(values: Sequence[WantedNumber]) -> Match:
    return _ordered_match(read_number, ((value.compare, value.number) for value in values))


def _moments(values: Sequence[WantedMoment]) -> Match:
    return _ordered_match(read_moment, ((value.compare, value.moment) for value in values))


def _bools(values: Sequence[WantedBool]) -> Match:
    wanted = {value.value for value in values}
    return _Readings(true=True in wanted, false=False in wanted).__getitem__


class _Readings(dict[str, bool]):
    """Whether a truth value is wanted, by how it is usually written; what is written otherwise is read first."""

    def __missing__(self, actual: str) -> bool:
        return self["true" if read_bool(actual) else "false"]


def _bytes(values: Sequence[WantedBytes]) -> Match:
    wanted = {value.value for value in values}
    return lambda actual: read_bytes(actual) in wanted


def _networks(values: Sequence[WantedNetwork]) -> Match:
    return AddressRanges([value.network for value in values]).__contains__


_KINDS = cast(
    dict[type, Callable[[Sequence[Any]], Match]],
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
