"""The attributes that a request to Amazon DynamoDB names, and which of them it selects.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from carnet.gateway.checks.check import Members, invalid
from carnet.gateway.checks.members import structure, structures, text, texts
from carnet.policy.request import Value

Reading = Callable[[Members, str], tuple[str, ...]]

_EXPRESSIONS = (
    *("ProjectionExpression", "FilterExpression", "KeyConditionExpression", "ConditionExpression"),
    "UpdateExpression",
)
_MAPS = ("Key", "Item", "Expected", "AttributeUpdates", "KeyConditions", "QueryFilter", "ScanFilter")
_LONGEST = 4_096
_TOKEN = re.compile(
    r"\s*(#[A-Za-z0-9_]+|:[A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|<>|<=|>=|[][().,=<>+-])", re.ASCII
)
_WORDS = frozenset(("AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"))
"""Reserved: no attribute is called so in an expression but through a placeholder."""


def keys_of(found: tuple[str, ...]) -> dict[str, Value]:
    return {"dynamodb:Attributes": found} if found else {}


def of_item(given: Members) -> tuple[str, ...]:
    """The top-level attributes that the request for one table names, each once."""
    found = [name for member in _MAPS for name in structure(given, member)]
    found += texts(given, "AttributesToGet")
    _refuse_empty(given)
    names = structure(given, "ExpressionAttributeNames")
    for member in _EXPRESSIONS:
        found += _in_expression(text(given, member), names)
    return tuple(dict.fromkeys(found))


def _refuse_empty(given: Members) -> None:
    """What expressions stand for is there or not, and never empty: this is told before a syntax error."""
    if any(text(given, member) is not None for member in _EXPRESSIONS):
        for member in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            if given.get(member) == {}:
                raise invalid(f"{member} must not be empty")


def of_batch_get(requests: Members, table: str) -> tuple[str, ...]:
    given = structure(requests, table)
    keys = [name for key in structures(given, "Keys") for name in key]
    return tuple(dict.fromkeys((*keys, *of_item(given))))


def of_batch_write(requests: Members, table: str) -> tuple[str, ...]:
    found: list[str] = []
    for request in structures(requests, table):
        found += structure(structure(request, "PutRequest"), "Item")
        found += structure(structure(request, "DeleteRequest"), "Key")
    return tuple(dict.fromkeys(found))


def selected(given: Members, *, on_index: bool = False) -> str:
    """What Select means if it is not given."""
    if text(given, "ProjectionExpression") is not None or given.get("AttributesToGet"):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if on_index else "ALL_ATTRIBUTES"


def batch_select(requests: Members) -> str:
    """The Select of a batch: the one that asks for the most, of those for each table."""
    found = {selected(structure(requests, table)) for table in requests}
    return min(found, default="ALL_ATTRIBUTES")


def _in_expression(expression: str | None, names: Members) -> Iterator[str]:
    """The first part of each document path, with its placeholder replaced."""
    tokens = tokens_of(expression or "")
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if before == "." or (after == "(" and not token.startswith("#")):
            continue
        if token.startswith("#"):
            yield _placeholder(token, names)
        elif (token[0].isalpha() or token[0] == "_") and token.upper() not in _WORDS:
            yield token


def _placeholder(token: str, names: Members) -> str:
    name = names.get(token)
    if not isinstance(name, str):
        raise invalid(f"An expression attribute name used in the document path is not defined: {token}")
    return name


def tokens_of(expression: str) -> list[str]:
    """The tokens of an expression. Raises Refused for a text that is none."""
    if len(expression) > _LONGEST:
        raise invalid("Expression size has exceeded the maximum allowed size.")
    found, at, expression = [], 0, expression.rstrip()
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None:
            raise invalid("Invalid expression: syntax error.")
        found.append(token[1])
        at = token.end()
    return found
