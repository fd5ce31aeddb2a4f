"""A policy made ready for the engine, once for all principals that it is attached to."""

from __future__ import annotations

from carnet.policy.document import Policy
from carnet.policy.engine.action_index import ActionIndex
from carnet.policy.engine.conditions import ConditionCompiler
from carnet.policy.engine.patterns import CompiledArn
from carnet.policy.engine.principals import CompiledPrincipals
from carnet.policy.engine.recent import Recent
from carnet.policy.shape import VARIABLES_VERSION
from carnet.policy.statement import Effect, Statement
from carnet.policy.work import steps_of

_ACTIONS_ROOM = 256


class CompiledStatement:
    """A statement taken apart into what is tested. Two are the same only if they are one object."""

    __slots__ = ("conditions", "denies", "negated", "parts", "patterns", "principals", "reads", "ref", "steps")

    def __init__(self, statement: Statement, conditions: ConditionCompiler, *, variables: bool) -> None:
        resources, principals = statement.resources, statement.principals
        self.ref = statement.ref
        self.parts = statement.parts
        self.steps = steps_of(statement)
        self.denies = statement.effect is Effect.DENY
        self.conditions = tuple(
            [conditions.compile(condition, variables=variables) for condition in statement.conditions]
        )
        self.patterns = tuple(map(CompiledArn, resources.patterns)) if resources is not None else None
        """None if the statement is about the resource that the policy belongs to."""
        self.negated = resources is not None and resources.negated
        self.principals = _unless_everyone(CompiledPrincipals(principals)) if principals is not None else None
        """None if the statement is about everyone whom the policy is put to."""
        self.reads = self._reads()
        """Keys which the principal settles and on which it depends whether the statement applies."""

    def _reads(self) -> frozenset[str]:
        conditions = [key for condition in self.conditions if condition.settled for key in condition.keys]
        return frozenset(
            conditions + [key for pattern in self.patterns or () if pattern.settled for key in pattern.keys]
        )


class CompiledPolicy:
    """The statements of a policy, found by action."""

    __slots__ = ("_actions", "_candidates", "_statements")

    def __init__(self, policy: Policy, conditions: ConditionCompiler) -> None:
        variables = policy.version == VARIABLES_VERSION
        self._statements = tuple(
            CompiledStatement(statement, conditions, variables=variables) for statement in policy.statements
        )
        self._candidates: Recent[str, tuple[CompiledStatement, ...]] = Recent(_ACTIONS_ROOM)
        self._actions = ActionIndex(statement.actions for statement in policy.statements)

    @property
    def size(self) -> int:
        """How many parts its statements have, and one for itself."""
        return 1 + sum(statement.parts for statement in self._statements)

    def candidates(self, action: str) -> tuple[CompiledStatement, ...]:
        """The statements that cover `action`, which is in lower case, in their order."""
        found = self._candidates.get(action)
        if found is None:
            found = self._candidates.put(action, tuple([self._statements[at] for at in self._actions.find(action)]))
        return found


def _unless_everyone(principals: CompiledPrincipals) -> CompiledPrincipals | None:
    return None if principals.everyone else principals
