"""The comparison of one attribute, a key of the table, in a PartiQL condition.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-operators.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from carnet.gateway.checks.check import Members, invalid
from carnet.gateway.checks.partiql import Token
from carnet.gateway.checks.partiql_terms import Tokens, alternatives, listed, unwrapped

_COMPARES = frozenset(("=", "<", ">", "<=", ">=", "<>", "!="))
_FUNCTIONS = frozenset(("BEGINS_WITH", "CONTAINS"))

Parameters = Sequence[Any]


class Said(Struct, frozen=True):
    """What one condition says of the attribute."""

    values: tuple[Members, ...] | None
    """The attribute values that it is one of; None if something else is said of it."""
    negated: bool = False

    @property
    def value(self) -> Members | None:
        """The single value."""
        return self.values[0] if self.values is not None and len(self.values) == 1 else None


def mentions(condition: Tokens, attribute: str) -> bool:
    """Also of a name in other letters, and of a part of a path: neither is read with certainty."""
    return any((token.name or "").lower() == attribute.lower() for token in condition)


def is_comparison(condition: Tokens, parameters: Parameters) -> bool:
    """Whether a condition compares a top-level attribute with a value. Raises Refused."""
    is_begun = len(condition) > 2 and condition[0].name is not None and condition[1].sign in _COMPARES
    return is_begun and operand(condition[2:], parameters) is not None


def is_equality(condition: Tokens, parameters: Parameters) -> bool:
    """Whether a condition says that a top-level attribute equals a value. Raises Refused."""
    return is_comparison(condition, parameters) and condition[1].sign == "="


def said_of(attribute: str, condition: Tokens, parameters: Parameters) -> Said | None:
    """None for what is not read with certainty. Raises Refused for a parameter that is not there."""
    either = alternatives(condition)
    if len(either) > 1:
        return _any_of(attribute, either, parameters)
    if condition[:1] and condition[0].keyword == "NOT":
        return Said(None, negated=True)
    if len(condition) < 3:
        return None
    if condition[0].keyword in _FUNCTIONS and condition[1].text == "(" and condition[2].name == attribute:
        return Said(None)
    if condition[0].name != attribute:
        return None
    if condition[1].kind == "sign" and condition[1].text in _COMPARES:
        value = operand(condition[2:], parameters)
        return None if value is None else Said((value,) if condition[1].text == "=" else None)
    if condition[1].keyword == "BETWEEN":
        return Said(None)
    return _in_list(condition[2:], parameters) if condition[1].keyword == "IN" else None


def _any_of(attribute: str, either: list[Tokens], parameters: Parameters) -> Said | None:
    """Several values, all different: DynamoDB refuses overlapping ones."""
    found = [said_of(attribute, unwrapped(one), parameters) for one in either if len(alternatives(unwrapped(one))) == 1]
    values = [one.value for one in found if one is not None and one.value is not None]
    return Said(tuple(values)) if len(set(map(_comparable, values))) == len(either) else None


def _in_list(tokens: Tokens, parameters: Parameters) -> Said | None:
    """The values of `[a, b]` and `(a, b)`."""
    if len(tokens) < 3 or (tokens[0].text, tokens[-1].text) not in (("[", "]"), ("(", ")")):
        return None
    values = [operand(one, parameters) for one in listed(tokens[1:-1])]
    found = tuple([one for one in values if one is not None])
    return Said(found) if len(found) == len(values) else None


def operand(tokens: Sequence[Token], parameters: Parameters) -> Members | None:
    """A literal or a parameter as an attribute value; None for anything else. Raises Refused."""
    minus = len(tokens) == 2 and tokens[0].kind == "sign" and tokens[0].text == "-"
    if minus and tokens[1].kind == "number":
        return {"N": f"-{tokens[1].text}"}
    if len(tokens) != 1:
        return None
    match tokens[0]:
        case Token(kind="text", text=text):
            return {"S": text[1:-1].replace("''", "'")}
        case Token(kind="number", text=text):
            return {"N": text}
        case Token(kind="parameter", text=text):
            value = parameters[int(text)]
            if not isinstance(value, Mapping):
                raise invalid("A parameter is no attribute value.")
            return value
        case _:
            return None


def are_one(said: Sequence[Said]) -> bool:
    """Whether all of them say the same one value; a number is the same however it is written. Raises Refused."""
    values = [one.value for one in said if one.value is not None]
    return len(values) == len(said) and len(set(map(_comparable, values))) == 1


def _comparable(value: Members) -> tuple[str, object]:
    kind, held = next(iter(value.items()), ("", None))
    if kind != "N":
        return kind, repr(held)
    try:
        number = Decimal(str(held))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise invalid(f"The parameter cannot be converted to a numeric value: {held}")
    return kind, number
