"""Elements that do not exist, are missing, exclude each other, or are of the wrong JSON type.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from carnet.policy.grammar import RULES, Grammar, Need, Rules
from carnet.policy.json_text import JsonNumber
from carnet.policy.lint.finding import Finding, IssueCode
from carnet.policy.lint.near import nearest
from carnet.policy.operators import OPERATORS, Quantifier, operator_use
from carnet.policy.principals import ANYONE, PrincipalType
from carnet.policy.shape import LISTS, PAIRS, POLICY_ELEMENTS, PRINCIPALS, STATEMENT_ELEMENTS, VERSIONS
from carnet.policy.statement import Effect

_EFFECTS = tuple(effect.value for effect in Effect)
_PRINCIPAL_KEYS = tuple(kind.value for kind in PrincipalType)

Elements = Mapping[str, object]


def each(value: object, path: str) -> Iterator[tuple[str, object]]:
    """The values of an element with their paths; one value may stand for a list of one."""
    if isinstance(value, list | tuple):
        yield from ((f"{path}[{at}]", item) for at, item in enumerate(value))
    elif value is not None:
        yield path, value


def statements(document: object) -> Iterator[tuple[str, Elements]]:
    """The statements of a document that are objects, each with its path."""
    given = document.get("Statement") if isinstance(document, Mapping) else None
    return ((path, one) for path, one in each(given, ".Statement") if isinstance(one, Mapping))


def check_structure(document: object, grammar: Grammar) -> Iterator[Finding]:
    """What keeps a document from being one of this type of policy."""
    if not isinstance(document, Mapping):
        yield _mismatch("", "A policy document must be an object.")
        return
    yield from _unknown_members(document, "", POLICY_ELEMENTS, "a policy")
    version = document.get("Version", VERSIONS[0])
    if version not in VERSIONS:
        message = f"The version {_value_text(version)} does not exist."
        yield Finding(code=IssueCode.INVALID_VERSION, path=".Version", message=message, meant=VERSIONS[-1])
    given = list(each(document.get("Statement"), ".Statement"))
    if not given and "Statement" in document:
        yield Finding(code=IssueCode.MISSING_STATEMENT, path=".Statement", message="The policy has no statement.")
    elif not given and not _is_misspelled(document, POLICY_ELEMENTS, "Statement"):
        yield Finding(code=IssueCode.MISSING_STATEMENT, path="", message="The policy has no Statement.")
    for path, statement in given:
        yield from _check_statement(statement, path, RULES[grammar])


def _is_misspelled(given: Elements, known: Sequence[str], name: str) -> bool:
    """Whether an unknown member is probably `name`, of which more need not be said."""
    return any(nearest(one, known) == name for one in given if one not in known)


def _check_statement(statement: object, path: str, rules: Rules) -> Iterator[Finding]:
    if not isinstance(statement, Mapping):
        yield _mismatch(path, "A statement must be an object.")
        return
    yield from _unknown_members(statement, path, STATEMENT_ELEMENTS, "a statement")
    yield from _check_effect(statement, path)
    for first, second in PAIRS:
        if first in statement and second in statement:
            message = f"A statement cannot have both {first} and {second}."
            yield Finding(
                code=IssueCode.UNSUPPORTED_ELEMENT_COMBINATION, path=f"{path}.{second}", message=message, at_name=True
            )
    yield from _check_lists(statement, path)
    yield from _check_presence(statement, path, rules)
    yield from _check_principals(statement, path)
    yield from _check_conditions(statement.get("Condition", {}), f"{path}.Condition")


def _check_effect(statement: Elements, path: str) -> Iterator[Finding]:
    effect = statement.get("Effect")
    if effect is None:
        if not _is_misspelled(statement, STATEMENT_ELEMENTS, "Effect"):
            yield Finding(code=IssueCode.MISSING_EFFECT, path=path, message="The statement has no Effect.")
    elif effect not in _EFFECTS:
        yield Finding(
            code=IssueCode.INVALID_EFFECT,
            path=f"{path}.Effect",
            message=f"The effect {_value_text(effect)} does not exist.",
            meant=nearest(str(effect), _EFFECTS),
        )


def _check_lists(statement: Elements, path: str) -> Iterator[Finding]:
    for name in LISTS:
        if name in statement and statement[name] is None:
            yield _mismatch(f"{path}.{name}", f"{name} must be text or a list of texts.")
        for place, value in each(statement.get(name), f"{path}.{name}"):
            if not isinstance(value, str):
                yield _mismatch(place, f"{name} must be text or a list of texts.")


def _check_presence(statement: Elements, path: str, rules: Rules) -> Iterator[Finding]:
    """The elements that must be there, and not be empty; those that must not be there."""
    yield from _check_need(statement, path, ("Action", "NotAction"), IssueCode.MISSING_ACTION, Need.REQUIRED)
    yield from _check_need(statement, path, ("Resource", "NotResource"), IssueCode.MISSING_RESOURCE, rules.resource)
    yield from _check_need(statement, path, PRINCIPALS, IssueCode.MISSING_PRINCIPAL, rules.principal)


def _check_need(
    statement: Elements, path: str, names: tuple[str, str], code: IssueCode, need: Need
) -> Iterator[Finding]:
    given = [name for name in names if name in statement]
    for name in given:
        if need is Need.FORBIDDEN:
            yield Finding(
                code=IssueCode.INVALID_POLICY_ELEMENT,
                path=f"{path}.{name}",
                message=f"A policy of this type cannot have {name}.",
                at_name=True,
            )
        elif isinstance(statement[name], list | tuple) and not statement[name]:
            empty = IssueCode.EMPTY_ARRAY_ACTION if code is IssueCode.MISSING_ACTION else code
            yield Finding(code=empty, path=f"{path}.{name}", message=f"{name} is an empty list.")
    if need is Need.REQUIRED and not given:
        if any(_is_misspelled(statement, STATEMENT_ELEMENTS, name) for name in names):
            return
        yield Finding(code=code, path=path, message=f"The statement has no {names[0]}.")


def _check_principals(statement: Elements, path: str) -> Iterator[Finding]:
    for name in PRINCIPALS:
        given = statement.get(name, ANYONE)
        if isinstance(given, Mapping):
            yield from _unknown_members(given, f"{path}.{name}", _PRINCIPAL_KEYS, name, IssueCode.INVALID_PRINCIPAL_KEY)
        elif given != ANYONE:
            yield _mismatch(f"{path}.{name}", f'{name} must be "*" or an object such as {{"AWS": "arn:..."}}.')


def _check_conditions(block: object, path: str) -> Iterator[Finding]:
    if not isinstance(block, Mapping):
        yield _mismatch(path, "Condition must be an object of operators.")
        return
    for operator, keys in block.items():
        place = f"{path}.{operator}"
        if operator_use(str(operator)) is None:
            yield Finding(
                code=IssueCode.INVALID_CONDITION_OPERATOR,
                path=place,
                message=f"The condition operator {operator} does not exist.",
                meant=_meant_operator(str(operator)),
                at_name=True,
            )
        elif not isinstance(keys, Mapping):
            yield _mismatch(place, f"{operator} must be an object of condition keys.")


def _meant_operator(text: str) -> str:
    whole = nearest(text, (*OPERATORS, *(f"{name}IfExists" for name in OPERATORS)))
    prefix, colon, name = text.rpartition(":")
    if not colon:
        return whole
    quantifier, operator = nearest(prefix, tuple(Quantifier)), nearest(name, OPERATORS)
    return f"{quantifier}:{operator}" if quantifier and operator else ""


def _unknown_members(
    given: Elements, path: str, known: Sequence[str], what: str, code: IssueCode = IssueCode.INVALID_POLICY_ELEMENT
) -> Iterator[Finding]:
    for name in given:
        if name not in known:
            yield Finding(
                code=code,
                path=f"{path}.{name}",
                message=f"{name} is no element of {what}.",
                meant=nearest(str(name), known),
                at_name=True,
            )


def _mismatch(path: str, message: str) -> Finding:
    return Finding(code=IssueCode.DATA_TYPE_MISMATCH, path=path, message=message)


def _value_text(value: object) -> str:
    return value.text if isinstance(value, JsonNumber) else str(value)
