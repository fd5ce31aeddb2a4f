"""dynamodb:LeadingKeys: the partition keys of the items that a request is for.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html

Only a look-up of the table or the index shows which attribute is the partition key. INVARIANT: an item without it is
refused and never left out, because a condition with ForAllValues matches an absent key.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from carnet.gateway.checks.check import Members, invalid
from carnet.gateway.checks.members import is_there, items, structure, structures, text
from carnet.gateway.checks.services.dynamodb_attributes import tokens_of
from carnet.policy.request import Value

_SCALARS = ("S", "N", "B")
_KINDS = {"AND": "&", "BETWEEN": "b", "(": "(", ")": ")", ",": ",", "=": "=", "<": "<", ">": "<", "<=": "<", ">=": "<"}
_CONDITION = re.compile(r"n[=<]v|nbv&v|f\(n,v\)|\(T\)|T&T")
"""One condition on a key, in the letters of `_kind`; T is one that is read."""


def leading_keys(part: Members, partition_key: str) -> Value | None:
    """The values, each once; None for a request that is for whole tables, as Scan is. Raises Refused.

    `part` is the input of an operation on one table, or the part of a batch or a transaction that is about one
    (`Check.part`).
    """
    return tuple(dict.fromkeys(_values(part, partition_key))) or None


def _values(part: Members, name: str) -> Iterator[str]:
    if any(updated.lower() == name.lower() for updated in structure(part, "AttributeUpdates")):
        raise invalid(
            "One or more parameter values were invalid: "
            f"Cannot update attribute {name}. This attribute is part of the key"
        )
    for member in ("Key", "Item"):
        if part.get(member) is not None:
            yield _of_item(structure(part, member), name)
    for key in structures(part, "Keys"):
        yield _of_item(key, name)
    for request in structures(part, "Requests"):
        yield from _of_write(request, name)
    if is_there(part, "KeyConditions"):
        yield _of_conditions(structure(part, "KeyConditions"), name)
    if (expression := text(part, "KeyConditionExpression")) is not None:
        yield _of_expression(expression, part, name)


def _of_write(request: Members, name: str) -> Iterator[str]:
    """A part of BatchWriteItem: one item is put, or one is deleted."""
    puts, deletes = structure(request, "PutRequest"), structure(request, "DeleteRequest")
    if bool(puts) is bool(deletes):
        raise invalid("A write request must be for one item.")
    yield _of_item(structure(puts, "Item") if puts else structure(deletes, "Key"), name)


def _of_item(item: Members, name: str) -> str:
    return scalar(item.get(name))


def _of_conditions(conditions: Members, name: str) -> str:
    condition = structure(conditions, name)
    values = items(condition, "AttributeValueList")
    if condition.get("ComparisonOperator") != "EQ" or len(values) != 1:
        raise invalid("Query key condition not supported")
    return scalar(values[0])


def _of_expression(expression: str, part: Members, name: str) -> str:
    """The value that the partition key is said to equal; nothing else can be said of it."""
    names, values = structure(part, "ExpressionAttributeNames"), structure(part, "ExpressionAttributeValues")
    tokens = tokens_of(expression)
    _check_well_formed(tokens)
    places = [at for at, token in enumerate(tokens) if names.get(token, token) == name]
    if len(places) != 1:
        raise invalid("Query condition missed key schema element")
    before, after = tokens[: places[0]][-1:], tokens[places[0] + 1 : places[0] + 3]
    if before == ["."] or len(after) != 2 or after[0] != "=" or not after[1].startswith(":"):
        raise invalid("Query key condition not supported")
    return scalar(values.get(after[1]))


def _check_well_formed(tokens: Sequence[str]) -> None:
    """Raises Refused for what is not made of conditions on keys, joined by AND.

    INVARIANT: moto takes what follows a condition for another one, as in `(a=:x)ANDb=:y`: nothing else may follow.
    """
    kinds, read = "".join(map(_kind, tokens)), 1
    while read:
        kinds, read = _CONDITION.subn("T", kinds)
    if kinds != "T":
        raise invalid("Invalid KeyConditionExpression: Syntax error")


def _kind(part: str) -> str:
    if part == "begins_with":
        return "f"
    known = _KINDS.get(part.upper())
    if known is not None:
        return known
    return "v" if part.startswith(":") else "n" if part.startswith(("#", "_")) or part[0].isalpha() else "?"


def scalar(value: Any) -> str:
    """The text of an attribute value: of a number as it is written, of bytes in base64. Raises Refused."""
    if not isinstance(value, Mapping) or len(value) != 1:
        raise invalid("One of the required keys was not given a value")
    kind, held = next(iter(value.items()))
    if kind == "B" and isinstance(held, bytes | bytearray):
        return b64encode(held).decode("ascii")
    if kind not in _SCALARS or not isinstance(held, str):
        raise invalid("One or more parameter values were invalid: Type mismatch for key")
    return held
