"""Statements of a document, made of their shapes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from carnet.base.faults import Malformed
from carnet.policy.conditions import Condition
from carnet.policy.decision import StatementRef
from carnet.policy.grammar import RULES, Grammar
from carnet.policy.operators import operator_use
from carnet.policy.principals import NamedPrincipal, PrincipalElement, PrincipalType, principal_problem, principal_text
from carnet.policy.resources import EVERYTHING, resource_pattern
from carnet.policy.sentences import SYNTAX_ERRORS
from carnet.policy.shape import VARIABLES_VERSION, PrincipalValues, StatementShape
from carnet.policy.statement import ActionElement, Effect, ResourceElement, Statement, action_pattern

_NEWLINE = re.compile("\n")


class StatementReader:
    """Makes the statements of one document of their shapes.

    Raises Malformed for what has no one meaning: an operator that does not exist, a value that is not of the operator's
    type, a variable that breaks the syntax, a principal that can name nobody; a value that is no action, or no ARN, if
    the statement denies less or allows more for it. What AWS refuses all the same is `validation`'s: a stored document
    is read here, too.
    """

    def __init__(
        self, text: str, grammar: Grammar, version: str, source: str, principal_ids: Mapping[str, str]
    ) -> None:
        self._newlines = [match.start() for match in _NEWLINE.finditer(text)]
        self._completed = RULES[grammar].completes_arns
        self._variables = version == VARIABLES_VERSION
        self._source = source
        self._principal_ids = principal_ids

    def statement(self, index: int, given: StatementShape) -> Statement:
        """The statement with this index in its document."""
        return Statement(
            ref=self.ref(index, given.offset, given.sid),
            effect=given.effect,
            actions=self.actions(given),
            resources=self.resources(given),
            principals=self.principals(given),
            conditions=tuple(self.condition(*condition) for condition in given.conditions),
            source=_plain_elements(given),
        )

    def ref(self, index: int, offset: int, sid: str) -> StatementRef:
        """Where the statement stands that begins at `offset`."""
        line = bisect_left(self._newlines, offset)
        before = self._newlines[line - 1] if line else -1
        return StatementRef(policy=self._source, index=index, sid=sid, line=line + 1, column=offset - before)

    def actions(self, given: StatementShape) -> ActionElement:
        """The Action or NotAction element; there must be one."""
        negated = "NotAction" in given.lists
        values = given.lists["NotAction" if negated else "Action"]
        if not all(value == EVERYTHING or value.count(":") == 1 for value in values):
            _refuse_widening(given.effect, negated=negated)
        return ActionElement(patterns=tuple(action_pattern(value) for value in values), negated=negated)

    def resources(self, given: StatementShape) -> ResourceElement | None:
        """The Resource or NotResource element."""
        negated = "NotResource" in given.lists
        values = given.lists.get("NotResource" if negated else "Resource")
        if values is None:
            return None
        patterns = tuple(
            resource_pattern(value, variables=self._variables, completed=self._completed) for value in values
        )
        if not all(pattern.everything or pattern.complete for pattern in patterns):
            _refuse_widening(given.effect, negated=negated)
        return ResourceElement(patterns=patterns, negated=negated)

    def principals(self, given: StatementShape) -> PrincipalElement | None:
        """The Principal or NotPrincipal element."""
        negated = "NotPrincipal" in given.principals
        values = given.principals.get("NotPrincipal" if negated else "Principal")
        if values is None:
            return None
        return PrincipalElement(values=tuple(self._principal(*value) for value in values), negated=negated)

    def _principal(self, kind: PrincipalType, text: str) -> NamedPrincipal:
        value = NamedPrincipal(type=kind, text=principal_text(kind, text), bound_id=self._principal_ids.get(text))
        problem = principal_problem(value)
        if problem is not None:
            raise Malformed(problem)
        return value

    def condition(self, operator: str, key: str, values: tuple[str, ...]) -> Condition:
        """One condition of a Condition element. Raises Malformed."""
        use = operator_use(operator)
        if use is None:
            raise Malformed(SYNTAX_ERRORS)
        wanted = tuple(use.operator.read(value, self._variables) for value in values)
        return Condition(use=use, key=key, values=wanted)


def _refuse_widening(effect: Effect, *, negated: bool) -> None:
    """Raise Malformed if an element with a value that describes nothing lets through what its author meant to keep out:
    a Deny that covers less for it, or the NotAction or NotResource of an Allow, which then covers more.
    """
    if negated is (effect is Effect.ALLOW):
        raise Malformed(SYNTAX_ERRORS)


def _plain_elements(given: StatementShape) -> Mapping[str, object]:
    """The elements in plain JSON values, lists if the grammar has lists."""
    plain: dict[str, object] = {"Sid": given.sid} if given.sid else {}
    plain["Effect"] = given.effect.value
    plain |= {name: _plain_principals(values) for name, values in given.principals.items()}
    plain |= {name: list(values) for name, values in given.lists.items()}
    conditions: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in given.conditions:
        conditions.setdefault(operator, {})[key] = list(values)
    return plain | ({"Condition": conditions} if conditions else {})


def _plain_principals(values: PrincipalValues) -> dict[str, list[str]]:
    plain: dict[str, list[str]] = {}
    for kind, text in values:
        plain.setdefault(kind.value, []).append(text)
    return plain
