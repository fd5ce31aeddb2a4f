"""What a simulation costs, in about microseconds: nobody may ask for more than a bounded amount at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from carnet.policy.patterns import ascii_lower
from carnet.policy.referenced_keys import keys_in, keys_of
from carnet.policy.request import Value
from carnet.policy.simulation import Simulation
from carnet.policy.statement import Statement

_ANSWER = 100
_STATEMENT = 2
_PATTERN = 4
"""Of a resource: its segments."""
_VARIABLE = 2
_FILLED = 10
"""So many characters that take the place of a variable cost as much again, and memory."""
_CONDITION = 4
_COMPARISON = 4
_COMPARED = 250
"""So many characters of a value make a comparison dearer by one."""
_KEYS = 8
"""So many keys of the request cost as much as one value to compare, if a key is looked for in every spelling."""


def narrowing_cost(simulation: Simulation) -> int:
    """What `about` costs: every pattern of an action is tried."""
    return sum(_actions_cost(one) for policy in simulation.policies for one in policy.statements)


def asking_cost(simulation: Simulation) -> int:
    """What one question costs. It is made `about` its action."""
    values = {ascii_lower(key): value for key, value in simulation.keys.items()}
    cost = _ANSWER + len(simulation.keys)
    return cost + sum(_statement_cost(one, values) for policy in simulation.policies for one in policy.statements)


def _actions_cost(statement: Statement) -> int:
    return _STATEMENT + sum(len(pattern.glob.chunks) for pattern in statement.actions.patterns)


def _statement_cost(statement: Statement, values: Mapping[str, Value]) -> int:
    patterns = statement.resources.patterns if statement.resources is not None else ()
    cost = _actions_cost(statement) + _PATTERN * len(patterns) + _variables_cost(keys_in(patterns), values)
    cost += len(statement.principals.values) if statement.principals is not None else 0
    for condition in statement.conditions:
        actual = values.get(ascii_lower(condition.key), ())
        compared = (actual,) if isinstance(actual, str) else actual
        cost += _CONDITION + len(values) // _KEYS + _variables_cost(keys_of(condition), values)
        cost += len(condition.values) * sum(_COMPARISON + len(value) // _COMPARED for value in compared)
    return cost


def _variables_cost(keys: Iterable[str], values: Mapping[str, Value]) -> int:
    """What it costs to fill these variables in."""
    filled = (values.get(ascii_lower(key), "") for key in keys)
    return sum(_VARIABLE + (len(value) // _FILLED if isinstance(value, str) else 0) for value in filled)
