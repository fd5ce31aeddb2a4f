"""A policy document: its text, what it says, and how it is read.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policies-json
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from carnet.base.faults import Malformed
from carnet.policy.conditions import Condition
from carnet.policy.decision import StatementRef
from carnet.policy.grammar import RULES, Grammar
from carnet.policy.operators import operator_use
from carnet.policy.principals import NamedPrincipal, PrincipalElement, PrincipalType, principal_problem, principal_text
from carnet.policy.resources import resource_pattern
from carnet.policy.sentences import ORGANIZATIONS, SYNTAX_ERRORS
from carnet.policy.shape import (
    VARIABLES_VERSION,
    VERSIONS,
    DocumentShape,
    PrincipalValues,
    StatementShape,
    read_shape,
)
from carnet.policy.statement import ActionElement, ResourceElement, Statement, action_pattern
from carnet.policy.validation import check, check_text

__all__ = ["Grammar", "Policy", "counted_size", "parse"]

_WHITE_SPACE = str.maketrans("", "", " \t\r\n")


@dataclass(frozen=True, kw_only=True, eq=False)
class Policy:
    """A parsed policy. Immutable; two policies are the same only if they are one object."""

    source: str
    """How explanations name it: an ARN, or `user/alice/inline-name`."""
    grammar: Grammar
    version: str
    """`2012-10-17`, or `2008-10-17`, in which `${...}` is literal text. A document that names none is of the latter."""
    id: str
    statements: tuple[Statement, ...]
    text: str
    digest: str
    """Equal for documents that say the same to the letter and bind their principals to the same ids."""
    principal_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """ARN written in a Principal element to the unique id that it is bound to."""

    @property
    def size(self) -> int:
        """Characters as IAM's quotas count them."""
        return counted_size(self.text)

    @cached_property
    def aws_principals(self) -> tuple[str, ...]:
        """What Principal and NotPrincipal name under AWS, each once: ARNs, unique ids, account ids (no dashes), `*`."""
        named = (value for statement in self.statements for value in _named(statement))
        return tuple(dict.fromkeys([value.text for value in named if value.type is PrincipalType.AWS]))

    def to_json(self) -> str:
        """The document printed anew; parsing it gives a policy that decides the same."""
        head = {"Version": self.version} | ({"Id": self.id} if self.id else {})
        return json.dumps({**head, "Statement": [statement.source for statement in self.statements]})


def parse(text: str, grammar: Grammar, *, source: str = "", principal_ids: Mapping[str, str] | None = None) -> Policy:
    """Read a policy of the given type; raises Malformed with AWS's MalformedPolicyDocument sentence.

    `source` names the policy in explanations. `principal_ids` maps an ARN that stands in a Principal element to the
    unique id (AIDA..., AROA...) that it meant when the policy was saved: the element then matches by that id alone.
    """
    try:
        return _parse(text, grammar, source, principal_ids or {})
    except Malformed:
        if RULES[grammar].organizations:
            raise Malformed(ORGANIZATIONS) from None
        raise


def _parse(text: str, grammar: Grammar, source: str, principal_ids: Mapping[str, str]) -> Policy:
    check_text(text, grammar)
    shape = read_shape(text)
    check(shape, grammar)
    reader = _Reader(text, grammar, shape, source, principal_ids)
    return Policy(
        source=source,
        grammar=grammar,
        version=shape.version or VERSIONS[0],
        id=shape.id,
        statements=tuple(reader.statement(index, given) for index, given in enumerate(shape.statements)),
        text=text,
        digest=_digest(text, principal_ids),
        principal_ids=principal_ids,
    )


def counted_size(text: str) -> int:
    """The characters that IAM's quotas count: all but white space.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
    """
    return len(text.translate(_WHITE_SPACE))


class _Reader:
    """Makes statements of their shapes."""

    def __init__(
        self, text: str, grammar: Grammar, shape: DocumentShape, source: str, principal_ids: Mapping[str, str]
    ) -> None:
        self._text = text
        self._completed = RULES[grammar].completes_arns
        self._variables = shape.version == VARIABLES_VERSION
        self._source = source
        self._principal_ids = principal_ids

    def statement(self, index: int, given: StatementShape) -> Statement:
        return Statement(
            ref=self._ref(index, given),
            effect=given.effect,
            actions=self._actions(given),
            resources=self._resources(given),
            principals=self._principals(given),
            conditions=tuple(self._condition(*condition) for condition in given.conditions),
            source=_plain(given),
        )

    def _ref(self, index: int, given: StatementShape) -> StatementRef:
        before = self._text[: given.offset]
        line, column = before.count("\n") + 1, given.offset - before.rfind("\n")
        return StatementRef(policy=self._source, index=index, sid=given.sid, line=line, column=column)

    def _actions(self, given: StatementShape) -> ActionElement:
        negated = "NotAction" in given.lists
        values = given.lists["NotAction" if negated else "Action"]
        return ActionElement(patterns=tuple(action_pattern(value) for value in values), negated=negated)

    def _resources(self, given: StatementShape) -> ResourceElement | None:
        negated = "NotResource" in given.lists
        values = given.lists.get("NotResource" if negated else "Resource")
        if values is None:
            return None
        patterns = tuple(
            resource_pattern(value, variables=self._variables, completed=self._completed) for value in values
        )
        return ResourceElement(patterns=patterns, negated=negated)

    def _principals(self, given: StatementShape) -> PrincipalElement | None:
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

    def _condition(self, operator: str, key: str, values: tuple[str, ...]) -> Condition:
        use = operator_use(operator)
        if use is None:
            raise Malformed(SYNTAX_ERRORS)
        wanted = tuple(use.operator.read(value, self._variables) for value in values)
        return Condition(use=use, key=key, values=wanted)


def _named(statement: Statement) -> tuple[NamedPrincipal, ...]:
    return statement.principals.values if statement.principals is not None else ()


def _plain(given: StatementShape) -> Mapping[str, object]:
    """The elements in plain JSON values, lists where the grammar has lists."""
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


def _digest(text: str, principal_ids: Mapping[str, str]) -> str:
    bound = json.dumps([text, sorted(principal_ids.items())])
    return hashlib.sha256(bound.encode()).hexdigest()
