"""Parses stored documents, whether or not they could be saved today.

A document is stored once and read by every later release. A statement with one clear meaning keeps it, even if AWS or
this release would refuse to save it now. A statement without one fails closed: an Allow applies to nothing, a Deny to
everything that its readable elements cover.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from msgspec import Struct

from carnet.base.faults import Malformed
from carnet.policy.conditions import Condition
from carnet.policy.elements import check_elements
from carnet.policy.grammar import RULES, Grammar, Need, Rules
from carnet.policy.json_text import Json, JsonObject, plain_json
from carnet.policy.principals import ANYONE, NamedPrincipal, PrincipalElement, PrincipalType
from carnet.policy.resources import EVERYTHING, resource_pattern
from carnet.policy.shape import (
    VERSIONS,
    StatementShape,
    document_statements,
    document_version,
    read_document,
    statement_shape,
)
from carnet.policy.statement import ActionElement, Effect, ResourceElement, Statement, action_pattern
from carnet.policy.statement_reader import StatementReader

T = TypeVar("T")

_EVERY_ACTION = ActionElement(patterns=(action_pattern(EVERYTHING),))
_NO_ACTION = ActionElement(patterns=(action_pattern(EVERYTHING),), negated=True)
_EVERY_RESOURCE = ResourceElement(patterns=(resource_pattern(EVERYTHING, variables=False),))
_EVERYONE = PrincipalElement(values=(NamedPrincipal(type=PrincipalType.AWS, text=ANYONE),))

_EMPTY = JsonObject({}, 0)


class Understood(Struct, frozen=True, kw_only=True):
    """What a stored document says."""

    version: str
    id: str
    statements: tuple[Statement, ...]


def understood(text: str, grammar: Grammar, source: str, principal_ids: Mapping[str, str]) -> Understood:
    """Read a stored document, statement by statement."""
    version, problem = VERSIONS[0], ""
    document = _EMPTY
    try:
        document = read_document(text)
        version = document_version(document) or version
    except Malformed as fault:
        problem = fault.message
    # A document without statements must contain something that cannot be read.
    found = document_statements(document) or (None,)
    reader = _Reader(StatementReader(text, grammar, version, source, principal_ids), RULES[grammar], problem)
    named = document.members.get("Id")
    return Understood(
        version=version,
        id=named if isinstance(named, str) else "",
        statements=tuple(reader.statement(index, given) for index, given in enumerate(found)),
    )


class _Reader(Struct, frozen=True):
    """Parses statements. None of them is understood if there is a `problem` with their document."""

    strict: StatementReader
    rules: Rules
    problem: str

    def statement(self, index: int, given: Json) -> Statement:
        if self.problem:
            return self._closed_statement(index, given, self.problem, readable=False)
        try:
            shape = statement_shape(given)
            check_elements(shape, self.rules)
            return self.strict.statement(index, shape)
        except Malformed as fault:
            return self._closed_statement(index, given, fault.message, readable=True)

    def _closed_statement(self, index: int, given: Json, problem: str, *, readable: bool) -> Statement:
        """A statement that fails closed. If it is not `readable`, its elements are not understood separately,
        either."""
        whole = given if isinstance(given, JsonObject) else _EMPTY
        part = whole if readable else _EMPTY
        allow = whole.members.get("Effect") == Effect.ALLOW
        sid = whole.members.get("Sid")
        return Statement(
            ref=self.strict.ref(index, whole.offset, sid if isinstance(sid, str) else ""),
            effect=Effect.ALLOW if allow else Effect.DENY,
            actions=_NO_ACTION if allow else self._actions(part),
            resources=self._resources(part),
            principals=self._principals(part),
            conditions=() if allow else tuple(self._conditions(part)),
            source=plain_json(whole),
            problem=problem,
        )

    def _actions(self, given: JsonObject) -> ActionElement:
        found = _element(given, ("Action", "NotAction"), self.strict.actions)
        return found if found is not None and found.patterns else _EVERY_ACTION

    def _resources(self, given: JsonObject) -> ResourceElement | None:
        if self.rules.resource is Need.FORBIDDEN:
            return None
        found = _element(given, ("Resource", "NotResource"), self.strict.resources)
        return found if found is not None and found.patterns else _EVERY_RESOURCE

    def _principals(self, given: JsonObject) -> PrincipalElement | None:
        if self.rules.principal is Need.FORBIDDEN:
            return None
        found = _element(given, ("Principal", "NotPrincipal"), self.strict.principals)
        return found if found is not None and found.values else _EVERYONE

    def _conditions(self, given: JsonObject) -> Iterator[Condition]:
        """The conditions that are understood. The others are left out, so that a Deny covers more."""
        block = given.members.get("Condition")
        for operator, keys in block.members.items() if isinstance(block, JsonObject) else ():
            for key, values in keys.members.items() if isinstance(keys, JsonObject) else ():
                one = JsonObject({"Condition": JsonObject({operator: JsonObject({key: values}, 0)}, 0)}, 0)
                condition = _element(one, ("Condition",), lambda shape: self.strict.condition(*shape.conditions[0]))
                if condition is not None:
                    yield condition


def _element(given: JsonObject, names: tuple[str, ...], read: Callable[[StatementShape], T]) -> T | None:
    """One element of a Deny; None if it is absent or not understood."""
    part = {name: given.members[name] for name in names if name in given.members}
    try:
        return read(statement_shape(JsonObject({"Effect": Effect.DENY.value, **part}, 0))) if part else None
    except Malformed:
        return None
