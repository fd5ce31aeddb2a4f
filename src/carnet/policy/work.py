"""How much work a decision is: counted before it is begun, so that nobody may ask for more than a bounded amount.

A step is about what one call of `str.find` takes. What counts is what the policies say of the action, and how many
values the request has for it: one step for each element that is compared with each value, one more for each further
literal piece of a pattern, and one for each character of a pattern in which `?` stands, or a `*` that crosses colons.
So a decision never takes more steps than its policies have characters, times the values of a multivalued key.

INVARIANT: the rule and the engine count the same statements, and so refuse the same requests, whatever each of them
would have left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from carnet.policy.comparisons import Wanted, WantedArn, WantedPattern, WantedText
from carnet.policy.conditions import Condition
from carnet.policy.patterns import Token, Wild
from carnet.policy.resources import ArnPattern
from carnet.policy.statement import Statement
from carnet.policy.variables import Lookup, Variable

MOST_STEPS = 500_000
"""Of one decision: some tenth of a second. The longest policies that AWS's quotas allow take a tenth of it, if each of
their values is as long as usual."""

TOO_MUCH_WORK = "the policies that apply take too many steps to evaluate"

_FILLED = 4
"""Steps to look a variable up and to put its value into its place."""
_MANY_VALUES = 30_000
"""More values of one key than an assertion or a token of the longest kind has room for."""


_NOTHING: Mapping[str, int] = {}


class Steps(Struct, frozen=True):
    """What some statements take, whatever the request holds, and for each value of the keys with a set operator."""

    fixed: int = 0
    for_each_value: Mapping[str, int] = field(default_factory=lambda: _NOTHING)

    @property
    def are_few(self) -> bool:
        """Whether no request can make too many of them."""
        return self.fixed + _MANY_VALUES * sum(self.for_each_value.values()) <= MOST_STEPS

    def are_too_many(self, lookup: Lookup) -> bool:
        """Whether a request with these values for its keys is not to be decided."""
        steps = self.fixed
        for key, each in self.for_each_value.items():
            actual = lookup(key)
            steps += each * (len(actual) if actual is not None and not isinstance(actual, str) else 1)
        return steps > MOST_STEPS


def steps_of(statement: Statement) -> Steps:
    """What a statement takes that covers the action."""
    fixed = 1
    fixed += sum(map(_arn_steps, statement.resources.patterns)) if statement.resources is not None else 0
    fixed += len(statement.principals.values) if statement.principals is not None else 0
    for_each: dict[str, int] = {}
    for condition in statement.conditions:
        fixed += 1
        steps = _condition_steps(condition)
        if condition.use.quantifier is None:
            fixed += steps
        else:
            for_each[condition.key] = for_each.get(condition.key, 0) + steps
    return Steps(fixed, for_each or _NOTHING)


def together(all_steps: Iterable[Steps]) -> Steps:
    """What several take together."""
    fixed, for_each = 0, dict[str, int]()
    for steps in all_steps:
        fixed += steps.fixed
        for key, each in steps.for_each_value.items():
            for_each[key] = for_each.get(key, 0) + each
    return Steps(fixed, for_each)


def _condition_steps(condition: Condition) -> int:
    return sum(map(_wanted_steps, condition.values))


def _wanted_steps(wanted: Wanted) -> int:
    if isinstance(wanted, WantedArn):
        return _arn_steps(wanted.pattern)
    if isinstance(wanted, WantedText | WantedPattern):
        return 1 + _steps_between(wanted.template.tokens)
    return 1


def _arn_steps(pattern: ArnPattern) -> int:
    steps = 1 + sum(_steps_between(segment.tokens) for segment in pattern.segments)
    crosses = pattern.crossing and any(Wild.MANY in segment.tokens for segment in pattern.segments[:-1])
    return steps + len(pattern.text) if crosses else steps


def _steps_between(tokens: tuple[Token | Variable, ...]) -> int:
    """What a pattern takes beyond a comparison of two texts."""
    steps = len(tokens) // 2 + _FILLED * sum(isinstance(token, Variable) for token in tokens)
    if Wild.ONE in tokens:
        steps += sum(len(token) for token in tokens if isinstance(token, str))
    return steps
