"""A policy made ready for the engine, once for all principals that it is attached to."""

from __future__ import annotations

from carnet.policy.action_index import ActionIndex
from carnet.policy.compiled_conditions import CompiledCondition, ConditionCompiler
from carnet.policy.compiled_patterns import CompiledArn
from carnet.policy.compiled_principals import CompiledPrincipals
from carnet.policy.document import Policy
from carnet.policy.statement import Effect, Statement


class CompiledStatement:
    """A statement taken apart into what is tested. Two are the same only if they are one object."""

    __slots__ = ("conditions", "denies", "negated", "patterns", "principals", "reads", "ref")

    def __init__(self, statement: Statement, conditions: ConditionCompiler) -> None:
        resources, principals = statement.resources, statement.principals
        self.ref = statement.ref
        self.denies = statement.effect is Effect.DENY
        self.conditions: tuple[CompiledCondition, ...] = tuple(
            conditions.compile(condition, granting=not self.denies) for condition in statement.conditions
        )
        self.patterns = tuple(CompiledArn(pattern) for pattern in resources.patterns) if resources is not None else None
        """None where the statement is about the resource that the policy belongs to."""
        self.negated = resources is not None and resources.negated
        self.principals = _unless_everyone(CompiledPrincipals(principals)) if principals is not None else None
        """None where the statement is about everyone whom the policy is put to."""
        self.reads = self._reads()
        """Keys which the principal settles and on which it depends whether the statement applies."""

    def _reads(self) -> frozenset[str]:
        conditions = (key for condition in self.conditions if condition.settled for key in condition.keys)
        variables = (key for pattern in self.patterns or () if pattern.settled for key in pattern.keys)
        return frozenset((*conditions, *variables))


class CompiledPolicy:
    """The statements of a policy, found by action."""

    __slots__ = ("_actions", "_statements")

    def __init__(self, policy: Policy, conditions: ConditionCompiler) -> None:
        self._statements = tuple(CompiledStatement(statement, conditions) for statement in policy.statements)
        self._actions = ActionIndex(statement.actions for statement in policy.statements)

    @property
    def size(self) -> int:
        """How many statements it holds, and one for itself."""
        return len(self._statements) + 1

    def candidates(self, action: str) -> tuple[CompiledStatement, ...]:
        """The statements that cover `action`, which is in lower case, in their order."""
        statements = self._statements
        return tuple(statements[position] for position in self._actions.find(action))


def _unless_everyone(principals: CompiledPrincipals) -> CompiledPrincipals | None:
    return None if principals.everyone else principals
