"""The condition keys of Amazon DynamoDB that a PartiQL statement sets.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html

`dynamodb:LeadingKeys` and `dynamodb:FullTableScan` follow from the way in which DynamoDB reads the table, as recorded
from AWS. INVARIANT: what is not understood for certain gives a key no value, so that the key stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum

from carnet.gateway.checks.check import Members, invalid
from carnet.gateway.checks.key_schemas import KeySchema
from carnet.gateway.checks.members import items, needed
from carnet.gateway.checks.partiql import Statement, Token, Verb, read_statement
from carnet.gateway.checks.partiql_comparisons import (
    Parameters,
    Said,
    are_one,
    is_comparison,
    is_equality,
    mentions,
    operand,
    said_of,
)
from carnet.gateway.checks.partiql_terms import (
    Tokens,
    alternatives,
    clause,
    conjuncts,
    has,
    listed,
    split,
    unwrapped,
)
from carnet.gateway.checks.services.dynamodb_keys import scalar
from carnet.policy.request import Value

UNORDERED = "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
"""What AWS says of an ORDER BY that would scan, after it has decided without both keys."""

_UNREAD = frozenset(("CASE", "GROUP", "HAVING", "LET", "LIMIT", "OFFSET", "PIVOT", "UNPIVOT"))
"""Words of PartiQL that DynamoDB does not have. A condition behind one of them is none of the WHERE."""
_NO_NAMES = frozenset(
    (
        *("AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "MISSING", "TRUE", "FALSE", "WHERE", "ORDER", "BY"),
        *("ASC", "DESC", "SET", "REMOVE"),
    )
)


class Scan(Enum):
    """What a SELECT without a condition on the partition key is."""

    WHOLE = "the table is read as a whole"
    ORDERED = "what DynamoDB refuses to do"


def attributes_of(statement: Statement) -> tuple[str, ...] | None:
    """The top-level attributes that it names, each once; None if it does not name all that it reads."""
    if statement.verb is Verb.INSERT:
        item = _inserted_attributes(statement)
        return None if item is None else tuple(item)
    if not all(token.name is not None or token.text == "," for token in _without_path_steps(statement.selected)):
        return None
    (before_returning, *_) = split(statement.rest, lambda token: token.keyword == "RETURNING")
    return tuple(dict.fromkeys((*_attribute_names(statement.selected), *_attribute_names(before_returning))))


def keys_by_schema(given: Members, schema: KeySchema) -> Mapping[str, Value] | Scan | None:
    """The keys that depend on the table's own; None if the statement is not read with certainty. Raises Refused.

    `given` has the members Statement and Parameters.
    """
    statement, parameters = read_statement(needed(given, "Statement")), items(given, "Parameters")
    if statement.parameters != len(parameters):
        raise invalid("Number of parameters in request and statement don't match.")
    if any(token.keyword in _UNREAD for token in (*statement.selected, *statement.rest)):
        return None
    if statement.verb is Verb.INSERT:
        return _of_insert(statement, parameters, schema)
    where = clause(statement, "WHERE", ("ORDER", "RETURNING"))
    conditions = None if where is None else conjuncts(where)
    if conditions is None:
        return None
    of_key = [one for one in conditions if mentions(one, schema.partition)]
    said = [said_of(schema.partition, one, parameters) for one in of_key]
    found = [one for one in said if one is not None]
    if len(found) != len(said) or not _are_plain_before(of_key, conditions, parameters):
        return None
    if statement.verb is Verb.SELECT:
        return _of_select(statement, conditions, found, parameters, schema)
    return _of_change(statement, of_key, parameters, schema)


def _are_plain_before(of_key: list[Tokens], conditions: list[Tokens], parameters: Parameters) -> bool:
    """Whether what stands before the first condition on the key compares attributes with values.

    INVARIANT: moto ignores the conditions behind one that it does not understand, such as an IN.
    """
    before = conditions[: conditions.index(of_key[0])] if of_key else ()
    return all(is_comparison(one, parameters) for one in before)


def _of_change(
    statement: Statement, of_key: list[Tokens], parameters: Parameters, schema: KeySchema
) -> Mapping[str, Value] | None:
    """The condition keys of a statement on one item, whose key must equal a value and is not changed."""
    (changes, *_) = split(statement.rest, lambda token: token.keyword == "WHERE")
    if len(of_key) != 1 or not is_equality(of_key[0], parameters) or mentions(changes, schema.partition):
        return None
    value = operand(of_key[0][2:], parameters)
    return None if value is None else _leading_keys((value,))


def _of_select(
    statement: Statement, conditions: list[Tokens], said: list[Said], parameters: Parameters, schema: KeySchema
) -> Mapping[str, Value] | Scan | None:
    """A query by the partition key, or a scan.

    As recorded: several different conditions on one key make a scan, even of one item, and so does a NOT.
    """
    is_query: bool | None = False
    values = said[0].values if said else None
    if values is not None and (len(said) == 1 or are_one(said)):
        is_query = True if schema.sort is None else _is_query(conditions, parameters, schema.sort)
    if is_query is None:
        return None
    if not is_query:
        return Scan.ORDERED if has(statement, "ORDER") else Scan.WHOLE
    return {**_leading_keys(values), "dynamodb:FullTableScan": "false"}


def _is_query(conditions: list[Tokens], parameters: Parameters, sort: str) -> bool | None:
    """Whether what is said of the sort key lets DynamoDB query."""
    of_key = [one for one in conditions if mentions(one, sort)]
    if len(of_key) == 1:
        each = [said_of(sort, unwrapped(one), parameters) for one in alternatives(of_key[0])]
        return None if any(one is None or one.negated for one in each) else True
    said = [said_of(sort, one, parameters) for one in of_key]
    found = [one for one in said if one is not None]
    if len(found) != len(said):
        return None
    return not found or are_one(found)


def _of_insert(statement: Statement, parameters: Parameters, schema: KeySchema) -> Mapping[str, Value] | None:
    """INVARIANT: no other name is the key's in other letters: moto takes the last of them for the key."""
    item = _inserted_attributes(statement)
    if item is None or sum(name.lower() == schema.partition.lower() for name in item) != 1:
        return None
    value = operand(item.get(schema.partition, ()), parameters)
    return None if value is None else _leading_keys((value,))


def _leading_keys(values: tuple[Members, ...] | None) -> dict[str, Value]:
    """Raises Refused for what can be no key."""
    return {"dynamodb:LeadingKeys": tuple(dict.fromkeys(scalar(value) for value in values or ()))}


def _inserted_attributes(statement: Statement) -> Mapping[str, Tokens] | None:
    """The attributes of `VALUE {'name': value, ...}`; None for another form, and for a name that is there twice."""
    rest = statement.rest[1:]
    if len(rest) < 2 or rest[0].text != "{" or rest[-1].text != "}":
        return None
    pairs = listed(rest[1:-1])
    item: dict[str, Tokens] = {}
    for pair in pairs:
        if len(pair) < 3 or pair[0].kind not in ("text", "quoted") or pair[1].text != ":":
            return None
        item[pair[0].name or pair[0].text[1:-1].replace("''", "'")] = pair[2:]
    return item if len(item) == len(pairs) else None


def _without_path_steps(tokens: Tokens) -> Iterator[Token]:
    """What selects, without the steps of document paths."""
    depth = 0
    for token in tokens:
        depth += token.text == "["
        if depth == 0 and token.text != ".":
            yield token
        depth -= token.text == "]"


def _attribute_names(tokens: Tokens) -> Iterator[str]:
    """The first part of each document path."""
    for at, token in enumerate(tokens):
        follows = tokens[at + 1].text if at + 1 < len(tokens) else ""
        is_step = at > 0 and tokens[at - 1].text == "."
        is_function = token.kind == "word" and follows == "("
        if token.name is not None and token.keyword not in _NO_NAMES and not is_step and not is_function:
            yield token.name
