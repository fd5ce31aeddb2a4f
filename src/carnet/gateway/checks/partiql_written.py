"""Rebuilds a PartiQL statement from its tokens, so that no store reads it differently.

moto takes ` FROM ` in a text for the keyword, the first quotation mark in a text for its end, and does not take a tab
for a space. INVARIANT: a text that such a store could misread is sent as a parameter, and not in the statement. A
name that it could misread is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from carnet.gateway.checks.check import Members, invalid
from carnet.gateway.checks.members import items, needed
from carnet.gateway.checks.partiql import CLOSES, Statement, Token, Verb, read_statement
from carnet.gateway.checks.partiql_comparisons import is_equality
from carnet.gateway.checks.partiql_terms import clause, conjuncts

_MISTAKEN = re.compile(r"""['"’`\\\r\n]|SELECT\s|\s(?:FROM|WHERE|SET|REMOVE|VALUE|RETURNING|INTO)\s""", re.IGNORECASE)
"""What of a text or a name a store could take for the language."""
_ENDS_AS_A_WORD = re.compile(r".+SELECT", re.IGNORECASE)
"""A name that moto takes for the word, if a space follows."""
_WORDS = frozenset(
    (
        *("SELECT", "FROM", "WHERE", "INSERT", "INTO", "VALUE", "UPDATE", "SET", "REMOVE", "DELETE", "RETURNING"),
        *("AND", "OR", "NOT", "IN", "BETWEEN", "IS", "ORDER", "BY"),
    )
)
"""The keywords of the language, without the names of functions."""


def as_sent(given: Members) -> dict[str, Any]:
    """`given` has the members Statement and Parameters. Raises Refused."""
    statement = read_statement(needed(given, "Statement"))
    parameters = items(given, "Parameters")
    if statement.parameters != len(parameters):
        raise invalid("Number of parameters in request and statement don't match.")
    if statement.verb in (Verb.UPDATE, Verb.DELETE) and not _is_of_an_item(statement, parameters):
        raise invalid("Where clause does not contain a mandatory equality on all key attributes")
    texts: list[str] = []
    values: list[Any] = []
    for text, held in _token_texts(statement, parameters):
        texts.append(text)
        values += held
    sent = {**given, "Statement": _join_tokens(statement.tokens, texts)}
    return {**sent, "Parameters": values} if values else sent


def _is_of_an_item(statement: Statement, parameters: Sequence[Any]) -> bool:
    """Whether it says what some attribute equals; without that, moto changes every item of the table."""
    where = clause(statement, "WHERE", ("RETURNING",))
    return any(is_equality(one, parameters) for one in (where and conjuncts(where)) or ())


def _token_texts(statement: Statement, parameters: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """The text of each token, and the value of a parameter."""
    named = (statement.at, *([statement.at + 2] if statement.index is not None else []))
    for at, token in enumerate(statement.tokens):
        is_key = at + 1 < len(statement.tokens) and statement.tokens[at + 1].text == ":"
        match token.kind:
            case "parameter":
                yield "?", [parameters[int(token.text)]]
            case "text" if _MISTAKEN.search(token.text[1:-1]) and not is_key:
                yield "?", [{"S": token.text[1:-1].replace("''", "'")}]
            case "text" | "quoted" if _MISTAKEN.search(token.text[1:-1]):
                raise invalid(f"Such a name is not sent in a statement: {token.text[:64]}")
            case "word" if at in named or _ENDS_AS_A_WORD.fullmatch(token.text):
                yield f'"{token.text}"', []
            case _:
                yield token.text, []


def _join_tokens(tokens: Sequence[Token], texts: Sequence[str]) -> str:
    """With one space between two tokens, and none where a name, a number or a call would be taken apart."""
    made: list[str] = []
    for at, (token, text) in enumerate(zip(tokens, texts, strict=True)):
        together = at == 0 or _belong_together(tokens[at - 1], token)
        together = together or (at > 1 and _is_of_number(tokens[at - 2], tokens[at - 1]))
        made += (text,) if together else (" ", text)
    return "".join(made)


def _belong_together(before: Token, token: Token) -> bool:
    if before.sign == "." or before.sign in CLOSES or token.sign in (".", ",", ":", *CLOSES.values()):
        return True
    return token.sign in ("(", "[") and (_is_named(before) or before.sign == "]")


def _is_of_number(before: Token, sign: Token) -> bool:
    """Whether a plus or minus is the sign of a number."""
    is_operand = _is_named(before) or before.kind in ("number", "parameter", "text") or before.sign in CLOSES.values()
    return sign.sign in ("-", "+") and not is_operand


def _is_named(token: Token) -> bool:
    return token.name is not None and token.keyword not in _WORDS
